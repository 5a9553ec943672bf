#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sansock_fuzz::targets::portable(bytes));
