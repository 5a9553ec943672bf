/* A library of Windows that Wine has from version 9 on, and that programs in Rust ask for random bytes: for Wine before that. */
#include <stddef.h>

__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *buffer, unsigned long len); /* RtlGenRandom */

__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *buffer, size_t len) {
    return SystemFunction036(buffer, (unsigned long)len);
}
