//! The machines of a connection as tables. What they mean, and their diagrams, which are drawn from these tables, is
//! described in `core/states/README.md`.

pub(crate) mod closing;
pub(crate) mod handshake;
pub(crate) mod message;
#[cfg(test)]
mod tests;

/// A row of a table: in the state `from`, when `on` happens, do `effects`, in this order, and go to the state `to`.
///
/// What a table does not list changes nothing.
#[derive(Debug)]
pub(crate) struct Transition<State: 'static, Cue: 'static, Effect: 'static> {
    pub(crate) from: State,
    pub(crate) on: Cue,
    pub(crate) to: State,
    pub(crate) effects: &'static [Effect],
}

/// The row for this state and cue.
pub(crate) fn find<State: PartialEq, Cue: PartialEq, Effect>(
    table: &'static [Transition<State, Cue, Effect>],
    from: State,
    on: Cue,
) -> Option<&'static Transition<State, Cue, Effect>> {
    table.iter().find(|row| row.from == from && row.on == on)
}

/// Writes a table: one line for each row.
macro_rules! transitions {
    ($name:ident: $state:ident, $cue:ident, $effect:ident;
        $($from:ident + $on:ident => $to:ident [$($effects:ident),*];)*) => {
        pub(crate) const $name: &[$crate::states::Transition<$state, $cue, $effect>] = &[
            $($crate::states::Transition {
                from: $state::$from,
                on: $cue::$on,
                to: $state::$to,
                effects: &[$($effect::$effects),*],
            },)*
        ];
    };
}
pub(crate) use transitions;
