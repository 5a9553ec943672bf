//! Handles: numbers that name values, and that are refused once the value is gone.

use sansock::boundary::Error;

/// Bits of a handle: which slot, how often the slot was used before, which table.
const INDEX_BITS: u32 = 20;
const GENERATION_BITS: u32 = 9;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;
const GENERATION_MASK: u32 = (1 << GENERATION_BITS) - 1;
const TABLE_MASK: u32 = u32::MAX << (INDEX_BITS + GENERATION_BITS);

/// A table of values behind handles. Freed slots are used again with the next generation, so a stale handle is refused
/// until its slot has been through all of them.
pub(crate) struct Slots<T> {
    /// Tells the handles of this table from those of the others: 0 to 7, in the bits above.
    table: u32,
    entries: Vec<Entry<T>>,
    free: Vec<u32>,
}

struct Entry<T> {
    /// Never 0, so that no handle is.
    generation: u32,
    value: Option<T>,
}

impl<T> Slots<T> {
    pub(crate) const fn new(table: u32) -> Self {
        Slots { table: table << (INDEX_BITS + GENERATION_BITS), entries: Vec::new(), free: Vec::new() }
    }

    pub(crate) fn insert(&mut self, value: T) -> Result<u32, Error> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                let index = self.entries.len() as u32;
                if index > INDEX_MASK || self.entries.try_reserve(1).is_err() || self.free.try_reserve(1).is_err() {
                    return Err(Error::NoMemory);
                }
                self.entries.push(Entry { generation: 1, value: None });
                index
            }
        };
        let entry = &mut self.entries[index as usize];
        entry.value = Some(value);
        Ok(self.table | entry.generation << INDEX_BITS | index)
    }

    pub(crate) fn get_mut(&mut self, handle: u32) -> Result<&mut T, Error> {
        self.entry(handle).and_then(|entry| entry.value.as_mut()).ok_or(Error::BadHandle)
    }

    /// Drops the value. A handle that names none does nothing.
    pub(crate) fn remove(&mut self, handle: u32) {
        if let Some(entry) = self.entry(handle)
            && entry.value.take().is_some()
        {
            entry.generation = ((entry.generation + 1) & GENERATION_MASK).max(1);
            self.free.push(handle & INDEX_MASK);
        }
    }

    fn entry(&mut self, handle: u32) -> Option<&mut Entry<T>> {
        let generation = handle >> INDEX_BITS & GENERATION_MASK;
        let ours = handle & TABLE_MASK == self.table;
        self.entries.get_mut((handle & INDEX_MASK) as usize).filter(|entry| ours && entry.generation == generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_names_its_value_until_it_is_removed() {
        let mut slots = Slots::new(1);
        let first = slots.insert('a').unwrap();
        let second = slots.insert('b').unwrap();
        assert_eq!(slots.get_mut(first), Ok(&mut 'a'));
        assert_eq!(slots.get_mut(second), Ok(&mut 'b'));
        slots.remove(first);
        slots.remove(first);
        assert_eq!(slots.get_mut(first), Err(Error::BadHandle));
        let third = slots.insert('c').unwrap();
        assert_ne!(first, third);
        assert_eq!(first & INDEX_MASK, third & INDEX_MASK);
        slots.remove(first);
        assert_eq!(slots.get_mut(third), Ok(&mut 'c'));
        assert_eq!(slots.get_mut(second), Ok(&mut 'b'));
    }

    #[test]
    fn no_handle_is_zero_and_none_comes_back_before_all_generations_have_been() {
        let mut slots = Slots::new(0);
        let first = slots.insert(()).unwrap();
        for _ in 1..GENERATION_MASK {
            let handle = slots.insert(()).unwrap();
            slots.remove(handle);
            assert!(handle != 0 && handle != first);
        }
        slots.remove(first);
        let mut handles = Vec::new();
        for _ in 0..2 * GENERATION_MASK {
            let handle = slots.insert(()).unwrap();
            slots.remove(handle);
            assert_ne!(handle, 0);
            handles.push(handle);
        }
        let (once, again) = handles.split_at(GENERATION_MASK as usize);
        assert_eq!(once, again);
        handles.truncate(GENERATION_MASK as usize);
        handles.sort_unstable();
        handles.dedup();
        assert_eq!(handles.len(), GENERATION_MASK as usize);
    }

    #[test]
    fn a_handle_of_another_table_names_nothing() {
        let mut tables = [0, 1, 2, 3, 4].map(Slots::new);
        let handles = tables.each_mut().map(|table| table.insert(()).unwrap());
        for (place, table) in tables.iter_mut().enumerate() {
            for (other, handle) in handles.iter().enumerate() {
                assert_eq!(table.get_mut(*handle).is_ok(), place == other);
            }
            assert_eq!(table.get_mut(0), Err(Error::BadHandle));
        }
    }
}
