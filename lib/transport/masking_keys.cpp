// SPDX-License-Identifier: Apache-2.0
#include "transport/masking_keys.hpp"

#include "transport/random.hpp"

#include <sys/mman.h>

#include <array>

namespace gemini::live::transport {

/// A page of memory; all zeros in a child process, so none are left there.
struct masking_keys::store {
    std::size_t left;
    std::array<masking_key, 1000> keys;
};

void masking_keys::unmap::operator()(store* mapped) const noexcept
{
    ::munmap(mapped, sizeof(store));
}

masking_keys::masking_keys()
{
#ifdef MADV_WIPEONFORK
    void* const page =
        ::mmap(nullptr, sizeof(store), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return;
    store_.reset(static_cast<store*>(page));
    if (::madvise(page, sizeof(store), MADV_WIPEONFORK) != 0) store_.reset();
#endif
}

masking_key masking_keys::next()
{
    if (!store_) return random_bytes<masking_key>();
    if (store_->left == 0) {
        fill_randomly(store_->keys);
        store_->left = store_->keys.size();
    }
    return store_->keys[--store_->left];
}

} // namespace gemini::live::transport
