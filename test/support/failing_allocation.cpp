// SPDX-License-Identifier: Apache-2.0
#include "support/failing_allocation.hpp"

#include <cstdlib>
#include <new>

namespace test {
namespace {

thread_local failing_allocation* failing = nullptr;

void* allocate(std::size_t size) noexcept
{
    if (failing && failing->strike()) return nullptr;
    return std::malloc(size == 0 ? 1 : size);
}

} // namespace

failing_allocation::failing_allocation(std::size_t nth) noexcept : nth_(nth) { failing = this; }

failing_allocation::~failing_allocation() { failing = nullptr; }

} // namespace test

#pragma GCC visibility push(default)

void* operator new(std::size_t size)
{
    if (auto* const memory = test::allocate(size)) return memory;
    throw std::bad_alloc();
}

void* operator new[](std::size_t size) { return operator new(size); }

void* operator new(std::size_t size, const std::nothrow_t&) noexcept
{
    return test::allocate(size);
}

void* operator new[](std::size_t size, const std::nothrow_t&) noexcept
{
    return test::allocate(size);
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
