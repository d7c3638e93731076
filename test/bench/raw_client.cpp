// SPDX-License-Identifier: Apache-2.0
// The least possible client: sockets, OpenSSL and epoll. It does what the protocol demands (frames,
// masks, a verified certificate) and nothing else: it decodes nothing, and looks at each message
// where it was received instead of owning it.
#include "meter.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <csignal>

#include <memory>
#include <utility>

namespace {

[[noreturn]] void fail(const char* what)
{
    std::fprintf(stderr, "raw: %s\n", what);
    ERR_print_errors_fp(stderr);
    std::_Exit(1);
}

/// Appends a masked frame to `out`.
void append_frame(std::string& out, std::string_view payload)
{
    static std::mt19937_64 random(std::random_device{}());
    const auto key = static_cast<std::uint32_t>(random());
    out += char(0x81);
    if (payload.size() < 126) {
        out += char(0x80 | payload.size());
    } else {
        out += char(0x80 | 126);
        out += char(payload.size() >> 8);
        out += char(payload.size() & 0xff);
    }
    out.append(reinterpret_cast<const char*>(&key), sizeof key);
    const auto from = out.size();
    out += payload;
    const std::uint64_t mask = std::uint64_t{key} << 32 | key;
    char* at = out.data() + from;
    std::size_t left = payload.size();
    for (; left >= sizeof mask; left -= sizeof mask, at += sizeof mask) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        word ^= mask;
        std::memcpy(at, &word, sizeof word);
    }
    for (std::size_t i = 0; i < left; ++i) at[i] ^= reinterpret_cast<const char*>(&key)[i];
}

struct connection {
    explicit connection(std::size_t number) : number(number) {}

    enum class stage { connecting, encrypting, upgrading, open };

    std::size_t number;
    stage at = stage::connecting;
    int fd = -1;
    SSL* ssl = nullptr;
    bool streaming = false;
    bool wants_to_write = false; ///< What epoll knows.
    std::string in;              ///< The begin of what has come in part.
    std::string out;             ///< What the socket has not taken.
};

class program {
public:
    program(const bench::arguments& arguments, const bench::traffic& given)
        : given_(given), meter_(given), pacer_(given),
          port_(static_cast<std::uint16_t>(arguments.number("port"))),
          chunk_(bench::chunk_message(given.chunk_ms)), epoll_(epoll_create1(EPOLL_CLOEXEC))
    {
        if (given.tls) prepare_tls(arguments.text("ca"));
        connections_.reserve(given.sessions);
    }

    void run()
    {
        open();
        std::array<epoll_event, 256> events;
        for (;;) {
            const int count = wait(events);
            for (int i = 0; i < count; ++i) {
                const auto& event = events[std::size_t(i)];
                on_event(*static_cast<connection*>(event.data.ptr), event.events);
            }
            if (pacer_.paced()) send_due();
        }
    }

private:
    void prepare_tls(const std::string& ca)
    {
        tls_ = SSL_CTX_new(TLS_client_method());
        if (SSL_CTX_load_verify_locations(tls_, ca.c_str(), nullptr) != 1) fail("no certificate");
        SSL_CTX_set_verify(tls_, SSL_VERIFY_PEER, nullptr);
        SSL_CTX_set_mode(tls_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_CTX_set_read_ahead(tls_, 1);
        if (given_.storm != "reconnect") return;
        SSL_CTX_set_session_cache_mode(tls_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_set_app_data(tls_, this);
        SSL_CTX_sess_set_new_cb(tls_, [](SSL* ssl, SSL_SESSION* ticket) {
            auto* const self = static_cast<program*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
            // A copy, since the end of the connection without a close_notify spoils the original.
            self->tickets_.push_back(SSL_SESSION_dup(ticket));
            return 0;
        });
    }

    /// Until something happens, or the next tick: a timer that costs no system call.
    int wait(std::span<epoll_event> events) const
    {
        using namespace std::chrono_literals;
        if (!pacer_.paced()) return epoll_wait(epoll_, events.data(), int(events.size()), -1);
        const auto left = std::max(pacer_.next_tick() - bench::pacer::clock::now(), 0ns);
        timespec most{};
        most.tv_sec = left / 1s;
        most.tv_nsec = (left % 1s) / 1ns;
        return epoll_pwait2(epoll_, events.data(), int(events.size()), &most, nullptr);
    }

    void watch(int fd, std::uint32_t events, connection* whose, int operation = EPOLL_CTL_ADD) const
    {
        epoll_event event{};
        event.events = events;
        event.data.ptr = whose;
        epoll_ctl(epoll_, operation, fd, &event);
    }

    void open()
    {
        connections_.push_back(std::make_unique<connection>(connections_.size()));
        connect(*connections_.back());
    }

    void connect(connection& self)
    {
        self.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        const int on = 1;
        ::setsockopt(self.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port_);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(self.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
            errno != EINPROGRESS)
            fail("cannot connect");
        self.wants_to_write = true;
        watch(self.fd, EPOLLIN | EPOLLOUT, &self);
    }

    void on_event(connection& self, std::uint32_t events)
    {
        if (self.at == connection::stage::connecting) {
            if (given_.tls) {
                self.ssl = SSL_new(tls_);
                SSL_set_fd(self.ssl, self.fd);
                X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(self.ssl), "127.0.0.1");
                if (!tickets_.empty()) {
                    SSL_set_session(self.ssl, tickets_.back());
                    SSL_SESSION_free(tickets_.back());
                    tickets_.pop_back();
                }
                self.at = connection::stage::encrypting;
            } else {
                upgrade(self);
            }
        }
        if (self.at == connection::stage::encrypting) {
            const int done = SSL_connect(self.ssl);
            if (done != 1) {
                const bool writes = SSL_get_error(self.ssl, done) == SSL_ERROR_WANT_WRITE;
                if (!writes && SSL_get_error(self.ssl, done) != SSL_ERROR_WANT_READ)
                    fail("the TLS handshake failed");
                wait_to_write(self, writes);
                return;
            }
            upgrade(self);
        }
        if ((events & EPOLLOUT) != 0 && self.wants_to_write) flush(self);
        if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read(self);
    }

    void upgrade(connection& self)
    {
        self.at = connection::stage::upgrading;
        self.out = "GET " + std::string(bench::target) +
                   " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                   "dGhlIHNhbXBsZSBub25jZQ==\r\nx-goog-api-key: benchmark\r\n\r\n";
        flush(self);
    }

    void wait_to_write(connection& self, bool wants) const
    {
        if (wants == self.wants_to_write) return;
        self.wants_to_write = wants;
        watch(self.fd, wants ? EPOLLIN | EPOLLOUT : EPOLLIN, &self, EPOLL_CTL_MOD);
    }

    /// Writes at once; what the socket does not take waits.
    void write(connection& self, std::string_view payload)
    {
        if (!self.out.empty()) {
            append_frame(self.out, payload);
            return;
        }
        scratch_.clear();
        append_frame(scratch_, payload);
        const auto done = write_some(self, scratch_);
        if (done == scratch_.size()) return;
        self.out = scratch_.substr(done);
        wait_to_write(self, true);
    }

    void flush(connection& self)
    {
        self.out.erase(0, write_some(self, self.out));
        wait_to_write(self, !self.out.empty());
    }

    std::size_t write_some(connection& self, std::string_view bytes)
    {
        if (bytes.empty()) return 0;
        const long done = self.ssl != nullptr
                              ? SSL_write(self.ssl, bytes.data(), int(bytes.size()))
                              : ::send(self.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        return done > 0 ? std::size_t(done) : 0; // an end is noticed by reading
    }

    void read(connection& self)
    {
        for (;;) {
            // What has come in part is put in front of what comes now, so that frames are whole.
            std::memcpy(buffer_.data(), self.in.data(), self.in.size());
            char* const to = buffer_.data() + self.in.size();
            const auto room = buffer_.size() - self.in.size();
            const long got = self.ssl != nullptr ? SSL_read(self.ssl, to, int(room))
                                                 : ::recv(self.fd, to, room, 0);
            if (got <= 0) {
                const bool later = self.ssl != nullptr
                                       ? SSL_get_error(self.ssl, int(got)) == SSL_ERROR_WANT_READ
                                       : got < 0 && errno == EAGAIN;
                if (!later) lost(self);
                return;
            }
            const std::string_view all(buffer_.data(), self.in.size() + std::size_t(got));
            self.in = all.substr(take(self, all));
            const bool more =
                self.ssl != nullptr ? SSL_has_pending(self.ssl) == 1 : std::size_t(got) == room;
            if (!more) return;
        }
    }

    /// Returns the size of what has been used.
    std::size_t take(connection& self, std::string_view bytes)
    {
        std::size_t at = 0;
        if (self.at == connection::stage::upgrading) {
            const auto end = bytes.find("\r\n\r\n");
            if (end == std::string_view::npos) return 0;
            if (!bytes.starts_with("HTTP/1.1 101 ")) fail("the upgrade was refused");
            self.at = connection::stage::open;
            write(self, bench::setup);
            at = end + 4;
        }
        while (bytes.size() - at >= 2) {
            const auto byte = [&](std::size_t i) {
                return static_cast<unsigned char>(bytes[at + i]);
            };
            std::size_t head = 2;
            std::size_t size = byte(1);
            if (size == 126) {
                if (bytes.size() - at < 4) break;
                head = 4;
                size = std::size_t(byte(2)) << 8 | byte(3);
            }
            if (bytes.size() - at < head + size) break;
            if ((byte(0) & 0x0f) <= 2) on_message(self, bytes.substr(at + head, size));
            at += head + size;
        }
        return at;
    }

    void on_message(connection& self, std::string_view json)
    {
        if (bench::is_setup_complete(json)) {
            self.streaming = true;
            obey(self, meter_.connected());
        } else {
            obey(self, meter_.received(bench::header_in(json)));
        }
    }

    void obey(connection& self, bench::orders todo)
    {
        if (todo.stop) std::_Exit(0);
        if (todo.open_others)
            while (connections_.size() < given_.sessions) open();
        for (; todo.sends > 0; --todo.sends) send(self);
    }

    void send(connection& self)
    {
        meter_.sending();
        write(self, chunk_);
    }

    void send_due()
    {
        while (const auto due = pacer_.take())
            if (*due < connections_.size() && connections_[*due]->streaming)
                send(*connections_[*due]);
    }

    void lost(connection& self)
    {
        if (given_.storm != "reconnect") fail("a connection was lost");
        SSL_free(self.ssl);
        ERR_clear_error();
        ::close(self.fd);
        self = connection(self.number);
        connect(self);
    }

    bench::traffic given_;
    bench::meter meter_;
    bench::pacer pacer_;
    std::uint16_t port_;
    std::string chunk_;
    int epoll_;
    SSL_CTX* tls_ = nullptr;
    std::vector<SSL_SESSION*> tickets_;
    std::vector<std::unique_ptr<connection>> connections_;
    std::string scratch_;
    std::array<char, 65536> buffer_{};
};

} // namespace

int main(int argc, char** argv)
{
    const bench::arguments arguments(argc, argv);
    bench::prepare_client();
    std::signal(SIGPIPE, SIG_IGN);
    program(arguments, bench::traffic(arguments)).run();
}
