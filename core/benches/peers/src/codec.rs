//! permessage-deflate as the codec alone does it: level 6, a window of 32 KiB unless it is said, and the context taken over.

use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush};

/// What the stream has after each message, and the wire has not.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
const WINDOW_BITS: u8 = 15;
const LEVEL: i32 = 6;

pub struct Compressor(Deflate);

impl Default for Compressor {
    fn default() -> Self {
        Compressor::new(WINDOW_BITS)
    }
}

impl Compressor {
    pub fn new(window_bits: u8) -> Self {
        Compressor(Deflate::new(LEVEL, false, window_bits))
    }

    /// Compresses a message into `output`, which must have room for it. Returns its length.
    pub fn compress(&mut self, message: &[u8], output: &mut [u8]) -> usize {
        let before = self.0.total_out();
        self.0.compress(message, output, DeflateFlush::SyncFlush).expect("room");
        let len = (self.0.total_out() - before) as usize;
        assert!(len < output.len() && output[..len].ends_with(&TAIL), "the message is complete");
        len - TAIL.len()
    }
}

pub struct Decompressor(Inflate);

impl Default for Decompressor {
    fn default() -> Self {
        Decompressor(Inflate::new(false, WINDOW_BITS))
    }
}

impl Decompressor {
    /// Inflates a message into `output`, which must have room for it. Returns its length.
    pub fn decompress(&mut self, data: &[u8], output: &mut [u8]) -> usize {
        let before = self.0.total_out();
        for part in [data, &TAIL] {
            let written = (self.0.total_out() - before) as usize;
            let read = self.0.total_in();
            self.0.decompress(part, &mut output[written..], InflateFlush::SyncFlush).expect("valid data");
            assert_eq!(self.0.total_in() - read, part.len() as u64, "the message has room");
        }
        (self.0.total_out() - before) as usize
    }
}
