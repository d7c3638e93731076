// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

namespace gemini::live::transport {

/// A certificate and its key in PEM, for localhost, 127.0.0.1 and ::1, valid for a day and signed
/// by itself. From any thread. Throws `live::error` with errc::tls_failed.
[[nodiscard]] std::pair<std::string, std::string> make_self_signed();

} // namespace gemini::live::transport
