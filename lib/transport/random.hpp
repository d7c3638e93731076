// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/transport/masking_keys_test.cpp
#pragma once

#include <openssl/rand.h>

#include <stdexcept>
#include <type_traits>

namespace gemini::live::transport {

/// Throws std::runtime_error when OpenSSL has no random numbers.
template <class Bytes>
void fill_randomly(Bytes& bytes)
{
    static_assert(std::is_trivially_copyable_v<Bytes>);
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&bytes), sizeof bytes) != 1)
        throw std::runtime_error("OpenSSL has no random numbers");
}

template <class Bytes>
[[nodiscard]] Bytes random_bytes()
{
    Bytes bytes;
    fill_randomly(bytes);
    return bytes;
}

} // namespace gemini::live::transport
