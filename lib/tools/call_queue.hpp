// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/recent_ids.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gemini::live::tools {

/// Which function calls of a session run, which wait, and which have had their answer. A call is
/// open until it is closed, and keeps its place until its handler has ended too. Pure.
class call_queue {
public:
    using number = std::uint64_t; ///< Of a call, in the order of arrival.

    /// `at_once`: number of calls that may run at a time. `waiting`: number that may wait.
    call_queue(std::size_t at_once, std::size_t waiting) : at_once_(at_once), waiting_(waiting) {}

    enum class admission { accepted, repeated, refused };
    /// A call has arrived. `function` is the name of its function, of which `most` may run at a
    /// time.
    [[nodiscard]] admission admit(number call, std::string_view id, std::string_view function,
        std::optional<std::size_t> most);
    /// A call has arrived that is answered without running. Returns false if it is repeated.
    [[nodiscard]] bool refuse(std::string_view id);
    /// Returns the oldest waiting call that may run, which runs from now on.
    [[nodiscard]] std::optional<number> next();
    /// The call needs no further answer. Returns false if that was known.
    bool close(number call);
    /// The handler of a call has ended.
    void ended(number call);

    /// Whether a call with this id has come, and has not been forgotten since.
    [[nodiscard]] bool is_known(std::string_view id) const;
    /// The open call with this id.
    [[nodiscard]] std::optional<number> find(std::string_view id) const;
    /// The open calls, oldest first.
    [[nodiscard]] std::vector<number> open() const;
    /// The server does not know the call any more: it may make another with the same id.
    void forget(std::string_view id) { closed_.erase(id); }

private:
    struct entry {
        number call;
        std::string id;
        std::string function;
        std::optional<std::size_t> most;
        bool runs = false;
        bool is_open = true;
    };
    [[nodiscard]] std::deque<entry>::iterator place_of(number call);
    void add_closed(std::string_view id);
    [[nodiscard]] std::size_t running() const;
    [[nodiscard]] std::size_t running(std::string_view function) const;
    [[nodiscard]] bool may_run(const entry& each) const;

    std::size_t at_once_;
    std::size_t waiting_;
    std::deque<entry> entries_{};
    engine::recent_ids closed_{};
};

} // namespace gemini::live::tools
