//! The machines of a connection as tables. What they mean, and their diagrams, which are drawn from these tables, is
//! described in `core/states/README.md`.

pub(crate) mod closing;
pub(crate) mod handshake;
pub(crate) mod message;
#[cfg(test)]
mod tests;
#[cfg(feature = "trace")]
pub mod trace;

/// A row of a table: in the state `from`, when the input `on` arrives, do `effects`, in this order, and go to the state `to`.
///
/// What a table does not list changes nothing.
#[derive(Debug)]
pub(crate) struct Transition<State: 'static, Input: 'static, Effect: 'static> {
    pub(crate) from: State,
    pub(crate) on: Input,
    pub(crate) to: State,
    pub(crate) effects: &'static [Effect],
}

/// The row for this state and input.
pub(crate) fn find<State: PartialEq, Input: PartialEq, Effect>(
    table: &'static [Transition<State, Input, Effect>],
    from: State,
    on: Input,
) -> Option<&'static Transition<State, Input, Effect>> {
    table.iter().find(|row| row.from == from && row.on == on)
}

/// Writes a table: one line for each row.
macro_rules! transitions {
    ($name:ident: $state:ident, $input:ident, $effect:ident;
        $($from:ident + $on:ident => $to:ident [$($effects:ident),*];)*) => {
        pub(crate) const $name: &[$crate::states::Transition<$state, $input, $effect>] = &[
            $($crate::states::Transition {
                from: $state::$from,
                on: $input::$on,
                to: $state::$to,
                effects: &[$($effect::$effects),*],
            },)*
        ];

        /// The same in words.
        #[cfg(feature = "trace")]
        pub(crate) const ROWS: &[$crate::states::trace::Row] = &[
            $($crate::states::trace::Row {
                from: $crate::states::trace::Name(stringify!($from)),
                on: $crate::states::trace::Name(stringify!($on)),
                to: $crate::states::trace::Name(stringify!($to)),
                effects: &[$($crate::states::trace::Name(stringify!($effects))),*],
            },)*
        ];
    };
}
pub(crate) use transitions;
