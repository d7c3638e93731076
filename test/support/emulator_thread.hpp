// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/proxy_peer.hpp"

#include <gemini/live/testing/emulator.hpp>

#include <asio/io_context.hpp>

#include <optional>
#include <string>
#include <thread>

namespace test {

/// How the emulator is reached.
enum class wire { plain, tls, tls_through_tls };

/// An emulator in a thread of its own, with a proxy before it if need be, unaffected by what fails
/// in the test's thread.
class emulator_thread {
public:
    explicit emulator_thread(wire by = wire::plain)
    {
        gemini::live::testing::emulator_options serving;
        serving.pace = 0;
        if (by != wire::plain) {
            serving.tls = gemini::live::testing::tls_identity::self_signed();
            certificate = serving.tls->certificate_pem;
        }
        emulator_.emplace(io_.get_executor(), serving);
        url = emulator_->url();
        if (by == wire::tls_through_tls) {
            const pem_identity same{certificate, serving.tls->private_key_pem};
            proxy_.emplace(io_, proxy_answer::tunnel, same);
            proxy = "https://127.0.0.1:" + std::to_string(proxy_->port());
        }
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
    std::string proxy;       ///< URL; empty without one.
    std::string certificate; ///< In PEM; empty without TLS.

private:
    asio::io_context io_;
    std::optional<gemini::live::testing::emulator> emulator_;
    std::optional<proxy_peer> proxy_;
    std::thread thread_;
};

} // namespace test
