//! Bytes of heap that an idle connection holds, by an allocator that counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::any::Any;
use std::sync::atomic::{AtomicUsize, Ordering};

use sansock_bench_peers::entries::ALL;
use sansock_bench_peers::idle::{self, CONNECTIONS};
use sansock_bench_peers::serve::Server;

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

/// Bytes per connection, with its share of what the connections of one server have in common.
fn measure(mut server: Box<dyn Server>) -> usize {
    let mut connections: Vec<Box<dyn Any>> = Vec::with_capacity(CONNECTIONS);
    let before = LIVE.load(Ordering::Relaxed);
    connections.extend((0..CONNECTIONS).map(|_| server.idle()));
    let after = LIVE.load(Ordering::Relaxed);
    drop(connections);
    (after - before) / CONNECTIONS
}

fn main() {
    for (name, echo) in idle::all() {
        for entry in ALL.iter().filter(|entry| !entry.is_floor()) {
            if let Some(server) = entry.server(&echo) {
                println!("{name}\t{}\t{}", entry.name(), measure(server));
            }
        }
    }
}
