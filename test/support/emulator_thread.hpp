// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/testing/emulator.hpp>

#include <asio/io_context.hpp>

#include <optional>
#include <string>
#include <thread>

namespace test {

/// An emulator in a thread of its own, unaffected by what fails in the test's thread.
class emulator_thread {
public:
    explicit emulator_thread(bool tls = false)
    {
        gemini::live::testing::emulator_options serving;
        serving.pace = 0;
        if (tls) serving.tls = gemini::live::testing::tls_identity::self_signed();
        certificate = tls ? serving.tls->certificate_pem : "";
        emulator_.emplace(io_.get_executor(), serving);
        url = emulator_->url();
        thread_ = std::thread([this] { io_.run(); });
    }
    emulator_thread(const emulator_thread&) = delete;
    emulator_thread& operator=(const emulator_thread&) = delete;
    ~emulator_thread()
    {
        io_.stop();
        thread_.join();
    }

    std::string url;
    std::string certificate; ///< In PEM; empty without TLS.

private:
    asio::io_context io_;
    std::optional<gemini::live::testing::emulator> emulator_;
    std::thread thread_;
};

} // namespace test
