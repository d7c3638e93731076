// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/gcc12_guard.hpp>

#include <filesystem>
#include <functional>
#include <string_view>

namespace gemini::live {

/// Records what a client's sessions say and hear, as JSON lines; the emulator plays such a
/// recording back (`emulator_options::replay`). The default records nothing. Each line has `at`,
/// milliseconds since the client was made, `connection`, a number from 1 in the order of the
/// attempts, and one of
///
///     {"at":180,"connection":1,"opened":true}
///     {"at":180,"connection":1,"refused":503,"retry_after":2}  // the upgrade; retry_after in s
///     {"at":180,"connection":1,"failed":"resolve_failed"}      // so far it did not come
///     {"at":181,"connection":1,"sent":{"setup":{…}}}
///     {"at":290,"connection":1,"received":{"setupComplete":{}}}
///     {"at":290,"connection":1,"malformed":17}                 // bytes received that are no JSON,
///     or too much
///     {"at":900,"connection":1,"closed":1011,"reason":"…"}     // by the server
///     {"at":900,"connection":1,"lost":"connection_lost"}       // without a close frame
///     {"at":900,"connection":1,"left":1000}                    // by us; 0: without a close frame
///
/// Handles, keys, tokens, passwords and headers are replaced by "[redacted]"; what people and model
/// say is recorded, so a recording is as private as the conversation.
struct wire_tap {
    /// Called for each line, without its line break, on the client's executor (a strand where that
    /// has several threads); must not throw.
    std::function<void(std::string_view line)> sink{};
    /// Records audio, video and other blobs as they are; else `data` is `{"bytes":3200}`.
    bool with_media = false;
    gcc12_guard<wire_tap> guard{}; ///< Not to be touched.
};

/// Writes to a file that only this user can read (mode 0600); what it held is dropped. Clients may
/// share it, but a recording of several clients is not one to play back. Throws
/// errc::storage_failed when it cannot be written.
[[nodiscard]] wire_tap file_tap(const std::filesystem::path& path, bool with_media = false);

} // namespace gemini::live
