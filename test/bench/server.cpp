// SPDX-License-Identifier: Apache-2.0
// The peer of all benchmarked clients: answers the upgrade and the setup, then sends and receives
// what the scenario says. It does almost no work per message, so that the client is what is
// measured. It also marks for the client, on its first session, when the window begins and ends.
//
// Arguments: those of a scenario, certificate=FILE key=FILE. Prints its port, and a line when a
// window begins; ends when its standard input ends.
#include "arguments.hpp"
#include "message.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <csignal>
#include <cstdio>

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

using bench::header;
using bench::meaning;
using clock_type = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// The first session is alone for so long, before the others follow.
constexpr milliseconds alone{300};
/// A paced message is left out for a client that is so far behind, as are all after so long a
/// stall.
constexpr std::size_t longest_backlog = 64u << 10;
constexpr milliseconds longest_stall{100};

/// A binary frame, as the service sends its JSON.
std::string frame(std::string_view payload, unsigned opcode = 2)
{
    std::string bytes(1, char(0x80 | opcode));
    if (payload.size() < 126) {
        bytes += char(payload.size());
    } else {
        bytes += char(126);
        bytes += char(payload.size() >> 8);
        bytes += char(payload.size() & 0xff);
    }
    return bytes += payload;
}

std::string mark(meaning what) { return frame(bench::server_message({what, 0}, 48)); }

std::string batch_of_messages()
{
    std::string batch;
    for (int i = 0; i < 64; ++i) batch += frame(bench::audio_message());
    return batch;
}

const std::string audio_frame = frame(bench::audio_message());
const std::string audio_batch = batch_of_messages();
const std::string acknowledgment_frame = mark(meaning::acknowledgment);
const std::string setup_complete_frame = frame(bench::setup_complete);

/// An audio message that bears the time of its sending.
std::string_view audio_frame_now()
{
    static std::string stamped = audio_frame;
    static const auto at = stamped.find(bench::before_sound) + bench::before_sound.size();
    const auto text = header{meaning::audio, bench::now_ns()}.text();
    stamped.replace(at, text.size(), text);
    return stamped;
}

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

/// One client.
class session {
public:
    session(int fd, SSL_CTX* tls, const bench::traffic& given) : fd_(fd), given_(given)
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
    [[nodiscard]] bool idle() const { return batch_.empty() && sent_ == out_.size(); }
    [[nodiscard]] std::size_t backlog() const { return out_.size() - sent_; }

    /// Returns false when the client has disconnected.
    bool read()
    {
        static std::array<char, 65536> buffer;
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
            if (ssl_ == nullptr && std::size_t(got) < buffer.size()) return true;
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
    void flood()
    {
        if (ssl_ == nullptr) {
            batch_ = audio_batch;
            return;
        }
        for (std::size_t at = 0; at < audio_batch.size(); at += audio_frame.size())
            write(std::string_view(audio_batch).substr(at, audio_frame.size()));
    }

    /// Returns false when the client has disconnected.
    bool flush()
    {
        while (!idle()) {
            const std::string_view next =
                !batch_.empty() ? batch_ : std::string_view(out_).substr(sent_);
            const auto done = ::send(fd_, next.data(), next.size(), MSG_NOSIGNAL);
            if (done < 0) return errno == EAGAIN;
            if (!batch_.empty())
                batch_.remove_prefix(std::size_t(done));
            else
                sent_ += std::size_t(done);
        }
        out_.clear();
        sent_ = 0;
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
        std::size_t at = 0;
        if (!upgraded_) {
            const auto end = in_.find("\r\n\r\n");
            if (end == std::string::npos) return true;
            const auto answer = upgrade_answer(in_);
            if (answer.empty()) return false;
            write(answer);
            upgraded_ = true;
            at = end + 4;
        }
        const bool alive = take_frames(at);
        in_.erase(0, at);
        return alive;
    }

    /// Moves `at` behind the frames that are complete. Returns false when the client says Close.
    bool take_frames(std::size_t& at)
    {
        while (in_.size() - at >= 2) {
            const auto byte = [&](std::size_t i) {
                return static_cast<unsigned char>(in_[at + i]);
            };
            std::size_t head = 6; // two bytes and the mask
            std::size_t size = byte(1) & 0x7f;
            if (size == 126) {
                if (in_.size() - at < 4) return true;
                head = 8;
                size = std::size_t(byte(2)) << 8 | byte(3);
            } else if (size == 127) {
                return false;
            }
            if (in_.size() - at < head + size) return true;
            const unsigned opcode = byte(0) & 0x0f;
            const bool last = (byte(0) & 0x80) != 0;
            if (opcode == 8) return false;
            if (opcode == 9) {
                std::string payload = in_.substr(at + head, size);
                for (std::size_t i = 0; i < size; ++i) payload[i] ^= in_[at + head - 4 + i % 4];
                write(frame(payload, 10));
            }
            at += head + size;
            if (opcode <= 2 && last) take_message();
        }
        return true;
    }

    void take_message()
    {
        if (!streaming_) {
            write(setup_complete_frame);
            streaming_ = true;
        } else if (given_.down == "echo") {
            write(audio_frame);
        } else if (given_.down == "acks" && ++unacknowledged_ == given_.per_ack) {
            unacknowledged_ = 0;
            write(acknowledgment_frame);
        }
    }

    int fd_;
    const bench::traffic& given_;
    SSL* ssl_ = nullptr;
    BIO* encrypted_ = nullptr;
    std::string in_;
    std::string out_;        // what is left of it begins at sent_
    std::string_view batch_; // goes out before out_
    std::size_t sent_ = 0;
    unsigned unacknowledged_ = 0;
    bool upgraded_ = false;
    bool streaming_ = false;
};

class server {
public:
    server(const bench::traffic& given, SSL_CTX* tls)
        : given_(given), floods_(given.down == "flood"), tls_(tls),
          turns_(std::max(given.down_ms, 1u))
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
        start_ticks();
        watch(listener_, EPOLLIN);
        watch(STDIN_FILENO, EPOLLIN);
        std::printf("%d\n", ntohs(address.sin_port));
        std::fflush(stdout);
    }

    void run()
    {
        std::array<epoll_event, 256> events;
        for (;;) {
            const int count = epoll_wait(epoll_, events.data(), int(events.size()), -1);
            for (int i = 0; i < count; ++i) {
                const int fd = events[std::size_t(i)].data.fd;
                if (fd == STDIN_FILENO) return;
                if (fd == listener_)
                    accept();
                else if (fd == timer_)
                    rearm();
                else
                    serve(fd, events[std::size_t(i)].events);
            }
            go_on();
            if (given_.down == "paced" && stage_ != stage::over) send_due();
        }
    }

private:
    struct client {
        std::unique_ptr<session> peer;
        std::uint64_t serial = 0; // descriptors are reused
        bool counted = false;
        bool blocked = false;
    };
    struct turn {
        int fd;
        std::uint64_t serial;
    };
    /// How far the client is, which runs one measurement.
    enum class stage { none, alone, gathering, warming_up, measuring, over };

    /// Half a millisecond behind the ticks of the clients, so that what they send and what they
    /// receive do not coincide.
    void start_ticks()
    {
        using namespace std::chrono_literals;
        timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        tick_ = std::chrono::ceil<milliseconds>(clock_type::now()) + 500us;
        const auto since_boot = tick_.time_since_epoch();
        itimerspec when{};
        when.it_value.tv_sec = since_boot / 1s;
        when.it_value.tv_nsec = (since_boot % 1s) / 1ns;
        when.it_interval.tv_nsec = given_.down == "paced" ? 1'000'000 : 10'000'000;
        timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
        watch(timer_, EPOLLIN);
    }

    void rearm() const
    {
        std::uint64_t expired = 0;
        if (::read(timer_, &expired, sizeof expired) < 0 && errno != EAGAIN) std::perror("timer");
    }

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
            clients_[fd] = client{std::make_unique<session>(fd, tls_, given_), ++serial_};
            watch(fd, EPOLLIN);
        }
    }

    void serve(int fd, std::uint32_t events)
    {
        const auto found = clients_.find(fd);
        if (found == clients_.end()) return; // dropped since
        auto& [peer, serial, counted, blocked] = found->second;
        bool alive = (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0 || peer->read();
        alive = alive && peer->flush();
        if (alive && floods_ && peer->streaming()) {
            for (int batches = 0; alive && batches < 16 && peer->idle(); ++batches) {
                peer->flood();
                alive = peer->flush();
            }
        }
        if (!alive) {
            drop(fd);
            return;
        }
        const bool wants_to_write = !peer->idle() || (floods_ && peer->streaming());
        if (wants_to_write != blocked) {
            blocked = wants_to_write;
            watch(fd, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
        }
        if (peer->streaming() && !counted) {
            counted = true;
            if (given_.down == "paced") turns_[streaming_ % turns_.size()].push_back({fd, serial});
            on_streaming(fd);
        }
    }

    void drop(int fd)
    {
        const auto found = clients_.find(fd);
        if (found->second.counted) --streaming_;
        clients_.erase(found);
        if (clients_.empty()) stage_ = stage::none;
    }

    void send_due()
    {
        const auto now = clock_type::now();
        if (now - tick_ > longest_stall) tick_ += std::chrono::floor<milliseconds>(now - tick_);
        for (; tick_ <= now; tick_ += milliseconds(1)) {
            const auto number = std::chrono::floor<milliseconds>(tick_).time_since_epoch().count();
            std::erase_if(turns_[std::size_t(number) % turns_.size()], [this](const turn& next) {
                const auto found = clients_.find(next.fd);
                if (found == clients_.end() || found->second.serial != next.serial) return true;
                auto& peer = *found->second.peer;
                if (peer.backlog() < longest_backlog) peer.write(audio_frame_now());
                serve(next.fd, 0);
                return false;
            });
        }
    }

    // The course of a measurement.

    void on_streaming(int fd)
    {
        ++streaming_;
        if (stage_ == stage::none) {
            first_ = fd;
            enter(given_.sessions > 1 ? stage::alone : stage::warming_up);
        } else if (streaming_ == given_.sessions && stage_ == stage::gathering) {
            if (given_.storm == "connect")
                finish();
            else
                enter(stage::warming_up);
        } else if (streaming_ == given_.sessions && stage_ == stage::measuring) {
            finish(); // a storm of reconnects
        }
    }

    void go_on()
    {
        const auto passed = clock_type::now() - since_;
        if (stage_ == stage::alone && passed >= alone) {
            if (given_.storm == "connect") tell(meaning::begin);
            enter(stage::gathering);
            tell(meaning::open_others);
        } else if (stage_ == stage::warming_up && passed >= given_.warm_up) {
            enter(stage::measuring);
            tell(meaning::begin);
            if (given_.storm == "reconnect") drop_others();
        } else if (stage_ == stage::measuring && given_.storm == "none" &&
                   passed >= given_.window) {
            finish();
        }
    }

    void enter(stage next)
    {
        stage_ = next;
        since_ = clock_type::now();
    }

    void finish()
    {
        enter(stage::over);
        tell(meaning::end);
    }

    void tell(meaning what)
    {
        if (what == meaning::begin) {
            std::puts("begin");
            std::fflush(stdout);
        }
        const auto found = clients_.find(first_);
        if (found == clients_.end()) return; // the client has failed
        found->second.peer->write(mark(what));
        serve(first_, 0);
    }

    void drop_others()
    {
        std::vector<int> others;
        for (const auto& [fd, each] : clients_)
            if (fd != first_) others.push_back(fd);
        for (const int fd : others) drop(fd);
    }

    const bench::traffic& given_;
    bool floods_;
    SSL_CTX* tls_;
    int epoll_ = -1;
    int listener_ = -1;
    int timer_ = -1;
    std::uint64_t serial_ = 0;
    std::unordered_map<int, client> clients_;
    std::vector<std::vector<turn>> turns_; // for each millisecond of a period, who is sent to
    clock_type::time_point tick_;          // the next one
    stage stage_ = stage::none;
    clock_type::time_point since_;
    std::size_t streaming_ = 0;
    int first_ = -1;
};

SSL_CTX* make_tls(const bench::arguments& given, bool tickets)
{
    SSL_CTX* tls = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(tls, given.text("certificate").c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, given.text("key").c_str(), SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        std::exit(1);
    }
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(tls, 1);
    SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256");
    if (!tickets) SSL_CTX_set_num_tickets(tls, 0);
    return tls;
}

} // namespace

int main(int argc, char** argv)
{
    const bench::arguments arguments(argc, argv);
    const bench::traffic given(arguments);
    bench::raise_descriptor_limit();
    std::signal(SIGPIPE, SIG_IGN);
    // Without tickets, every connection of the storm is a new one.
    SSL_CTX* tls = given.tls ? make_tls(arguments, given.storm != "connect") : nullptr;
    server(given, tls).run();
    SSL_CTX_free(tls);
}
