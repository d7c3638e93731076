// SPDX-License-Identifier: Apache-2.0
// The peer of all benchmarked clients: answers the upgrade and the setup, then writes precomputed
// frames to every session as fast as the client reads them (flood) or 25 per second (paced). It
// does almost no work per message, so that the client is what is measured.
//
// Arguments: flood|paced plain|tls CPU CERTIFICATE-FILE KEY-FILE. Prints its port; ends when its
// standard input ends.
#include "bench.hpp"
#include "message.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <csignal>

#include <algorithm>
#include <array>
#include <memory>
#include <queue>
#include <random>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;
constexpr std::chrono::milliseconds period{40};
constexpr int messages_per_batch = 64;

/// A binary frame, as the service sends its JSON.
std::string frame(std::string_view payload)
{
    std::string bytes(1, char(0x82));
    if (payload.size() < 126) {
        bytes += char(payload.size());
    } else {
        bytes += char(126);
        bytes += char(payload.size() >> 8);
        bytes += char(payload.size() & 0xff);
    }
    return bytes += payload;
}

const std::string audio_frame = frame(bench::audio_message());
const std::string setup_complete_frame = frame("{\n  \"setupComplete\": {}\n}\n");
const std::string close_frame{char(0x88), char(2), char(0x03), char(0xe8)};

std::string upgrade_answer(std::string_view request)
{
    std::string lower(request);
    std::transform(lower.begin(), lower.end(), lower.begin(),
        [](unsigned char c) { return char(std::tolower(c)); });
    constexpr std::string_view name = "sec-websocket-key:";
    auto from = lower.find(name);
    if (from == std::string::npos) return {};
    from = request.find_first_not_of(' ', from + name.size());
    const auto until = request.find_first_of(" \r", from);
    const std::string key =
        std::string(request.substr(from, until - from)) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(key.data(), key.size(), digest.data(), &size, EVP_sha1(), nullptr);
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
           "Upgrade\r\nSec-WebSocket-Accept: " +
           bench::base64({reinterpret_cast<const char*>(digest.data()), size}) + "\r\n\r\n";
}

/// One client. Everything to be sent is queued in `out_`.
class session {
public:
    session(int fd, SSL_CTX* tls) : fd_(fd)
    {
        if (tls == nullptr) return;
        ssl_ = SSL_new(tls);
        encrypted_ = BIO_new(BIO_s_mem());
        SSL_set_bio(ssl_, BIO_new_socket(fd, BIO_NOCLOSE), encrypted_);
        SSL_set_accept_state(ssl_);
    }
    session(const session&) = delete;
    session& operator=(const session&) = delete;
    ~session()
    {
        SSL_free(ssl_);
        ::close(fd_);
    }

    [[nodiscard]] bool streaming() const { return streaming_; }
    [[nodiscard]] bool idle() const { return sent_ == out_.size(); }
    [[nodiscard]] std::size_t waiting() const { return out_.size() - sent_; }

    /// Returns false when the client has disconnected.
    bool read()
    {
        std::array<char, 16384> buffer;
        for (;;) {
            ERR_clear_error();
            const long got = ssl_ != nullptr ? SSL_read(ssl_, buffer.data(), int(buffer.size()))
                                             : ::recv(fd_, buffer.data(), buffer.size(), 0);
            if (ssl_ != nullptr) take_encrypted();
            if (got <= 0) {
                if (ssl_ != nullptr) return SSL_get_error(ssl_, int(got)) == SSL_ERROR_WANT_READ;
                return got < 0 && errno == EAGAIN;
            }
            in_.append(buffer.data(), std::size_t(got));
            if (!take_input()) return false;
        }
    }

    void write(std::string_view bytes)
    {
        if (ssl_ == nullptr) {
            out_ += bytes;
            return;
        }
        SSL_write(ssl_, bytes.data(), int(bytes.size()));
        take_encrypted();
    }

    /// One batch of messages; in TLS a record for each, as from a service that writes them one by
    /// one.
    void refill()
    {
        if (ssl_ == nullptr && batch_) {
            sent_ = 0;
            return;
        }
        for (int i = 0; i < messages_per_batch; ++i) write(audio_frame);
        batch_ = true;
    }

    /// Returns false when the client has disconnected.
    bool flush()
    {
        while (sent_ < out_.size()) {
            const auto done = ::send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
            if (done < 0) return errno == EAGAIN;
            sent_ += std::size_t(done);
        }
        if (ssl_ != nullptr || !batch_) {
            out_.clear();
            sent_ = 0;
        }
        return true;
    }

private:
    void take_encrypted()
    {
        const auto size = BIO_pending(encrypted_);
        if (size <= 0) return;
        const auto at = out_.size();
        out_.resize(at + std::size_t(size));
        BIO_read(encrypted_, out_.data() + at, size);
    }

    bool take_input()
    {
        if (!upgraded_) {
            const auto end = in_.find("\r\n\r\n");
            if (end == std::string::npos) return true;
            const auto answer = upgrade_answer(in_);
            if (answer.empty()) return false;
            in_.erase(0, end + 4);
            write(answer);
            upgraded_ = true;
        }
        while (in_.size() >= 2) {
            const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(in_[at]); };
            std::size_t head = 6; // two bytes and the mask
            std::size_t size = byte(1) & 0x7f;
            if (size == 126) {
                if (in_.size() < 4) return true;
                head = 8;
                size = std::size_t(byte(2)) << 8 | byte(3);
            } else if (size == 127) {
                return false;
            }
            if (in_.size() < head + size) return true;
            const int opcode = byte(0) & 0x0f;
            in_.erase(0, head + size);
            if (opcode == 8) {
                flush();
                return false;
            }
            if (opcode <= 2 && !streaming_) {
                write(setup_complete_frame);
                streaming_ = true;
            }
        }
        return true;
    }

    int fd_;
    SSL* ssl_ = nullptr;
    BIO* encrypted_ = nullptr;
    std::string in_;
    std::string out_;
    std::size_t sent_ = 0;
    bool upgraded_ = false;
    bool streaming_ = false;
    bool batch_ = false;
};

class server {
public:
    server(bool paced, SSL_CTX* tls) : paced_(paced), tls_(tls)
    {
        epoll_ = epoll_create1(EPOLL_CLOEXEC);
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
            ::listen(listener_, 4096) != 0) {
            std::perror("listen");
            std::exit(1);
        }
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        std::printf("%d\n", ntohs(address.sin_port));
        std::fflush(stdout);
        watch(listener_, EPOLLIN);
        watch(STDIN_FILENO, EPOLLIN);
    }

    void run()
    {
        std::array<epoll_event, 256> events;
        for (;;) {
            const int count =
                epoll_wait(epoll_, events.data(), int(events.size()), due_.empty() ? -1 : 0);
            for (int i = 0; i < count; ++i) {
                const int fd = events[std::size_t(i)].data.fd;
                if (fd == STDIN_FILENO) return;
                if (fd == listener_)
                    accept();
                else
                    serve(fd, events[std::size_t(i)].events);
            }
            if (paced_) send_due();
        }
    }

private:
    struct due {
        clock_type::time_point at;
        int fd;
        std::uint64_t serial; // descriptors are reused
        bool operator<(const due& other) const { return at > other.at; }
    };
    struct entry {
        std::unique_ptr<session> peer;
        std::uint64_t serial = 0;
        bool scheduled = false;
        bool blocked = false;
    };

    void watch(int fd, std::uint32_t events, int operation = EPOLL_CTL_ADD)
    {
        epoll_event event{};
        event.events = events;
        event.data.fd = fd;
        epoll_ctl(epoll_, operation, fd, &event);
    }

    void accept()
    {
        for (;;) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) return;
            const int on = 1;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            sessions_[fd] = entry{std::make_unique<session>(fd, tls_), ++serial_};
            watch(fd, EPOLLIN);
        }
    }

    void serve(int fd, std::uint32_t events)
    {
        auto& [peer, serial, scheduled, blocked] = sessions_.at(fd);
        bool alive = (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0 || peer->read();
        alive = alive && peer->flush();
        if (alive && peer->streaming() && paced_ && !scheduled) {
            scheduled = true;
            due_.push(
                {clock_type::now() + std::chrono::microseconds(random_() % 40'000), fd, serial});
        }
        if (alive && peer->streaming() && !paced_) {
            for (int batches = 0; alive && batches < 16 && peer->idle(); ++batches) {
                peer->refill();
                alive = peer->flush();
            }
        }
        if (!alive) {
            sessions_.erase(fd);
            return;
        }
        const bool wants_to_write = !peer->idle() || (!paced_ && peer->streaming());
        if (wants_to_write != blocked) {
            blocked = wants_to_write;
            watch(fd, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
        }
    }

    void send_due()
    {
        const auto now = clock_type::now();
        while (!due_.empty() && due_.top().at <= now) {
            auto next = due_.top();
            due_.pop();
            const auto found = sessions_.find(next.fd);
            if (found == sessions_.end() || found->second.serial != next.serial) continue;
            if (found->second.peer->waiting() >
                (1u << 20)) { // a client that is this far behind is dropped
                sessions_.erase(found);
                continue;
            }
            found->second.peer->write(audio_frame);
            serve(next.fd, 0);
            next.at += period;
            due_.push(next);
        }
    }

    bool paced_;
    SSL_CTX* tls_;
    int epoll_ = -1;
    int listener_ = -1;
    std::uint64_t serial_ = 0;
    std::mt19937 random_{1};
    std::unordered_map<int, entry> sessions_;
    std::priority_queue<due> due_;
};

} // namespace

int main(int argc, char** argv)
{
    if (argc != 6) {
        std::fprintf(stderr, "usage: %s flood|paced plain|tls CPU CERTIFICATE KEY\n", argv[0]);
        return 2;
    }
    bench::pin_to(std::atoi(argv[3]));
    bench::raise_descriptor_limit();
    std::signal(SIGPIPE, SIG_IGN);
    SSL_CTX* tls = nullptr;
    if (std::string_view(argv[2]) == "tls") {
        tls = SSL_CTX_new(TLS_server_method());
        if (SSL_CTX_use_certificate_chain_file(tls, argv[4]) != 1 ||
            SSL_CTX_use_PrivateKey_file(tls, argv[5], SSL_FILETYPE_PEM) != 1) {
            ERR_print_errors_fp(stderr);
            return 1;
        }
        SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
        SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256");
    }
    server(std::string_view(argv[1]) == "paced", tls).run();
    SSL_CTX_free(tls);
}
