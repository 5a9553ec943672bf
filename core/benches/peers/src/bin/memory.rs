//! Bytes of heap that an idle connection holds, by an allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sansock_bench_peers::cells::Receive;
use sansock_bench_peers::codec::Compressor;
use sansock_bench_peers::entries::{ALL, Echo, Entry};
use sansock_bench_peers::wire::{Kind, Role, WireBuilder, ascii, json};

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const CONNECTIONS: usize = 16;

struct Case {
    name: &'static str,
    deflate: bool,
    compress: bool,
    message: fn() -> Vec<u8>,
}

const CASES: &[Case] = &[
    Case { name: "without compression", deflate: false, compress: false, message: || ascii(20) },
    Case { name: "compression agreed, not used", deflate: true, compress: false, message: || ascii(20) },
    Case { name: "compression used once each way", deflate: true, compress: true, message: || json(1) },
];

impl Case {
    fn echo(&self) -> Echo {
        let message = (self.message)();
        let mut wire = WireBuilder::to(Role::Server);
        if self.compress {
            let mut data = vec![0; 4096];
            let len = Compressor::default().compress(&message, &mut data);
            wire.compressed(Kind::Text, &data[..len], &message);
        } else {
            wire.message(Kind::Text, &message, usize::MAX);
        }
        let wire = wire.build();
        let task = Receive { role: Role::Server, kind: Kind::Text, wire, read: 64 * 1024, deflate: self.deflate };
        Echo { task, compress: self.compress, sink: Arc::default() }
    }

    /// Bytes per connection: the first one, which may set up what a thread shares, is not counted.
    fn measure(&self, entry: &dyn Entry) -> Option<usize> {
        let echo = self.echo();
        let first = entry.idle(&echo)?;
        let mut connections: Vec<Box<dyn Any>> = Vec::with_capacity(CONNECTIONS);
        let before = LIVE.load(Ordering::Relaxed);
        connections.extend((0..CONNECTIONS).filter_map(|_| entry.idle(&echo)));
        let after = LIVE.load(Ordering::Relaxed);
        drop((first, connections));
        Some((after - before) / CONNECTIONS)
    }
}

fn main() {
    for case in CASES {
        for entry in ALL {
            if let Some(bytes) = case.measure(*entry) {
                println!("{}\t{}\t{bytes}", case.name, entry.name());
            }
        }
    }
}
