// SPDX-License-Identifier: Apache-2.0
// Replaces operator new and glibc's functions in the whole process, shared libraries included.
#include "allocations.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

constinit thread_local bench::counted_allocations bench::allocations;

namespace {

void* allocated(void* memory)
{
    ++bench::allocations.news;
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

} // namespace

// The others call these; so do the ones that do not throw.
void* operator new(std::size_t size) { return allocated(__libc_malloc(size)); }

void* operator new(std::size_t size, std::align_val_t alignment)
{
    return allocated(__libc_memalign(static_cast<std::size_t>(alignment), size));
}

void operator delete(void* memory) noexcept { std::free(memory); }

void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }

void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

extern "C" {
void* malloc(std::size_t size) noexcept
{
    ++bench::allocations.mallocs;
    return __libc_malloc(size);
}

void* calloc(std::size_t number, std::size_t size) noexcept
{
    ++bench::allocations.mallocs;
    return __libc_calloc(number, size);
}

void* realloc(void* old, std::size_t size) noexcept
{
    ++bench::allocations.mallocs;
    return __libc_realloc(old, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept
{
    ++bench::allocations.mallocs;
    return __libc_memalign(alignment, size);
}

int posix_memalign(void** result, std::size_t alignment, std::size_t size) noexcept
{
    ++bench::allocations.mallocs;
    *result = __libc_memalign(alignment, size);
    return *result != nullptr ? 0 : ENOMEM;
}
}
