// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/frame_writer.hpp"

#include <cstddef>
#include <memory>

namespace gemini::live::transport {

/// Masking keys from OpenSSL's generator, obtained many at a time. No key is returned twice, not
/// even in a child process: the kernel empties the store of a child.
class masking_keys {
public:
    masking_keys();
    masking_keys(const masking_keys&) = delete;
    masking_keys& operator=(const masking_keys&) = delete;

    /// Throws std::runtime_error when OpenSSL has no random numbers.
    [[nodiscard]] masking_key next();

private:
    struct store;
    struct unmap {
        void operator()(store* mapped) const noexcept;
    };

    std::unique_ptr<store, unmap> store_; // null: this kernel cannot empty it
};

} // namespace gemini::live::transport
