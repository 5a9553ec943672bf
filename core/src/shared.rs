//! What the connections of one configuration share: the settings, which do not change any more, large buffers, and
//! compressors and inflaters.

use crate::buffers::Buffers;
use crate::deflate::codec::Pool;
use crate::settings::Settings;

/// Shared by a configuration and its connections.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) buffers: Buffers,
    pub(crate) pool: Pool,
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Self {
        Shared { settings, ..Shared::default() }
    }
}
