// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/gcc12_guard.hpp>

#include <filesystem>
#include <functional>
#include <string_view>

#pragma GCC visibility push(default)
namespace gemini::live {

/// Records what a client's sessions send and receive, as JSON lines. By default it records nothing.
/// The emulator plays such a recording back (`testing::emulator_options::replay`). Each line has
/// `at`, in milliseconds since the client was made, `connection`, a number from 1 in the order of
/// the attempts, and one of
///
///     {"at":180,"connection":1,"opened":true}
///     {"at":180,"connection":1,"refused":503,"retry_after":2}  // the upgrade; retry_after in s
///     {"at":180,"connection":1,"failed":"resolve_failed"}      // the upgrade had no answer
///     {"at":181,"connection":1,"sent":{"setup":{…}}}
///     {"at":290,"connection":1,"received":{"setupComplete":{}}}
///     {"at":290,"connection":1,"malformed":17}                 // bytes: no JSON, or too complex
///     {"at":900,"connection":1,"closed":1011,"reason":"…"}     // by the server
///     {"at":900,"connection":1,"lost":"connection_lost"}       // without a close frame
///     {"at":900,"connection":1,"left":1000}                    // by us; 0: without a close frame
///
/// Handles, keys, tokens, passwords and headers are replaced by "[redacted]". What users and the
/// model say is recorded, so a recording is as private as the conversation.
struct wire_tap {
    /// Called for each line, without its line break, on the client's executor, one call at a time.
    /// Must not throw. A sink that blocks delays all sessions of the client.
    std::function<void(std::string_view line)> sink{};
    /// True: records audio, video and other blobs as they are. False: `data` is `{"bytes":3200}`.
    bool with_media = false;
    gcc12_guard<wire_tap> guard{}; ///< Do not touch.
};

/// Returns a tap that writes to a file that only this user can read (mode 0600), and empties the
/// file. Each line is written and flushed by blocking I/O on the client's executor: a slow disk
/// delays all sessions of the client. A failure to write is ignored. Clients may share the tap,
/// also on several threads, but a recording of several clients cannot be played back. Throws
/// errc::storage_failed if the file cannot be opened for writing.
[[nodiscard]] wire_tap file_tap(const std::filesystem::path& path, bool with_media = false);

} // namespace gemini::live
#pragma GCC visibility pop
