// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/async/strand_test.cpp, test/unit/async/event_test.cpp
#pragma once

#include <asio/execution_context.hpp>

#include <mutex>

namespace gemini::live::async {

/// The objects that die with an execution context and not after it. An `Item` has a `context_link`
/// named `link_` and a function `on_context_end`, both of which it opens to this class; it is
/// removed from its list before its end and before that of the context.
template <class Item>
class context_list : public asio::execution_context::service {
public:
    inline static asio::execution_context::id id; // NOLINT(readability-identifier-naming)

    explicit context_list(asio::execution_context& context)
        : asio::execution_context::service(context)
    {
    }

    void add(Item& one)
    {
        const std::lock_guard lock(mutex_);
        one.link_ = {this, nullptr, first_};
        if (first_) first_->link_.previous = &one;
        first_ = &one;
    }

    void remove(Item& one)
    {
        const std::lock_guard lock(mutex_);
        auto& [home, previous, next] = one.link_;
        (previous ? previous->link_.next : first_) = next;
        if (next) next->link_.previous = previous;
        one.link_ = {};
    }

private:
    void shutdown() override
    {
        while (auto* const each = first_) {
            remove(*each);
            each->on_context_end();
        }
    }

    std::mutex mutex_;
    Item* first_ = nullptr;
};

/// An item's place in the list of its execution context.
template <class Item>
struct context_link {
    context_list<Item>* home = nullptr;
    Item* previous = nullptr;
    Item* next = nullptr;
};

} // namespace gemini::live::async
