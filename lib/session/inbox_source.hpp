// SPDX-License-Identifier: Apache-2.0
// Tested by: test/unit/session/session_test.cpp
#pragma once

#include "session/session_core.hpp"

#include <gemini/live/async_generator.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace gemini::live {

/// A session's stream as a generator.
template <class Element>
class inbox_source : public async_generator<Element>::source {
public:
    explicit inbox_source(std::shared_ptr<session_core> core) : core_(std::move(core)) {}
    asio::awaitable<std::optional<Element>> next() override
    {
        return session_core::next<Element>(core_);
    }

private:
    std::shared_ptr<session_core> core_;
};

} // namespace gemini::live
