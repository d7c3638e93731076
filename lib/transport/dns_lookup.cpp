// SPDX-License-Identifier: Apache-2.0
#include "transport/dns_lookup.hpp"

#include "async/event.hpp"
#include "base/ascii.hpp"
#include "base/time.hpp"

#include <gemini/live/error.hpp>

#include <ares.h>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <netinet/in.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <map>
#include <memory>
#include <new>
#include <utility>

namespace gemini::live::transport {
namespace {

using std::chrono::milliseconds;

/// How long the first round waits for a server before it asks the next. Each round doubles it.
constexpr milliseconds longest_try{1'000};
constexpr int rounds = 3;

/// For the other family, once one has been found. IPv4 has more time, since it is the way out when
/// IPv6 leads nowhere.
constexpr milliseconds wait_for_ipv6{50};
constexpr milliseconds wait_for_ipv4{250};

milliseconds length_of_try(milliseconds limit)
{
    if (limit.count() == 0) return longest_try;
    return std::clamp(limit / 4, milliseconds(1), longest_try); // time for another server
}

asio::ip::address address_of(const ares_addrinfo_node& node)
{
    if (node.ai_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, node.ai_addr, sizeof v4);
        return asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
    }
    sockaddr_in6 v6{};
    std::memcpy(&v6, node.ai_addr, sizeof v6);
    asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return asio::ip::address_v6(bytes);
}

/// What a server says of the name itself is only the reason if both families got such an answer.
int more_telling(int one, int other)
{
    constexpr std::array least_telling_first = {ARES_ENOTFOUND, ARES_SUCCESS, ARES_ENODATA};
    const auto rank = [&](int status) {
        return std::find(least_telling_first.begin(), least_telling_first.end(), status);
    };
    return rank(one) < rank(other) ? other : one;
}

/// A c-ares channel for one host, which Asio tells when its sockets and timeouts are due.
class dns_lookup : public std::enable_shared_from_this<dns_lookup> {
public:
    dns_lookup(const asio::any_io_executor& executor, std::string host, milliseconds limit);
    dns_lookup(const dns_lookup&) = delete;
    dns_lookup& operator=(const dns_lookup&) = delete;
    ~dns_lookup();

    void start(const name_servers& whom);
    [[nodiscard]] bool over() const noexcept
    {
        return failure_ || expired_ || (v4_.answered && v6_.answered);
    }
    [[nodiscard]] asio::awaitable<void> changed() { return changed_.wait(); }
    /// Call once it is over.
    [[nodiscard]] host_addresses take();

private:
    struct question {
        dns_lookup& owner;
        bool answered = false;
        int status = ARES_SUCCESS;
        std::vector<asio::ip::address> found{};
    };
    struct interest {
        asio::posix::stream_descriptor::wait_type in;
        bool wanted = false;
        bool awaited = false;
    };
    /// A socket of c-ares, which also closes it.
    struct watched_socket {
        watched_socket(const asio::any_io_executor& executor, ares_socket_t fd)
            : descriptor(executor, fd)
        {
        }
        watched_socket(const watched_socket&) = delete;
        watched_socket& operator=(const watched_socket&) = delete;
        ~watched_socket() { descriptor.release(); }

        asio::posix::stream_descriptor descriptor;
        interest reading{asio::posix::stream_descriptor::wait_read};
        interest writing{asio::posix::stream_descriptor::wait_write};
    };

    void ask(question& about, int family);
    void watch(ares_socket_t fd, bool reading, bool writing);
    void accept(question& asked, const ares_addrinfo& answer);
    void go_on();
    void await(const std::shared_ptr<watched_socket>& one, interest& what);
    void await_time();
    void on_ready(ares_socket_t readable, ares_socket_t writable);
    [[nodiscard]] error why() const;

    // called by c-ares
    static void on_socket(void* self, ares_socket_t fd, int reading, int writing) noexcept;
    static void on_answer(void* asked, int status, int timeouts, ares_addrinfo* answer) noexcept;

    asio::any_io_executor executor_;
    std::string host_;
    milliseconds limit_;
    base::time_point begun_ = std::chrono::steady_clock::now();
    base::time_point due_; // when it is over, whatever has been found
    asio::steady_timer timer_;
    async::event changed_;

    ares_channel channel_ = nullptr;
    std::map<ares_socket_t, std::shared_ptr<watched_socket>> sockets_;
    question v4_{*this};
    question v6_{*this};
    std::string full_name_; // what was found first: the host, or with a suffix of the search list
    std::exception_ptr failure_;
    bool expired_ = false;
    bool ending_ = false;
    bool network_ = false; // a server could be addressed
    bool out_of_files_ = false;
};

dns_lookup::dns_lookup(const asio::any_io_executor& executor, std::string host, milliseconds limit)
    : executor_(executor), host_(std::move(host)), limit_(limit),
      due_(limit.count() == 0 ? base::time_point::max() : base::later(begun_, limit)),
      timer_(executor)
{
}

dns_lookup::~dns_lookup()
{
    ending_ = true;
    sockets_.clear(); // before c-ares closes them
    if (channel_) ares_destroy(channel_);
}

void dns_lookup::start(const name_servers& whom)
{
    static const int initialized = ares_library_init(ARES_LIB_INIT_ALL);
    auto path = whom.resolv_conf;
    char lookups[] = "b"; // DNS alone
    ares_options options{};
    options.timeout = static_cast<int>(length_of_try(limit_).count());
    options.tries = rounds;
    options.udp_port = options.tcp_port = whom.port;
    options.lookups = lookups;
    options.resolvconf_path = path.data();
    options.sock_state_cb = &dns_lookup::on_socket;
    options.sock_state_cb_data = this;
    constexpr int given = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_UDP_PORT |
                          ARES_OPT_TCP_PORT | ARES_OPT_LOOKUPS | ARES_OPT_RESOLVCONF |
                          ARES_OPT_SOCK_STATE_CB;
    if (initialized != ARES_SUCCESS ||
        ares_init_options(&channel_, &options, given) != ARES_SUCCESS)
        throw std::bad_alloc();
    errno = 0; // what it holds afterwards belongs to this look-up
    ask(v6_, AF_INET6);
    ask(v4_, AF_INET);
    out_of_files_ = !network_ && (errno == EMFILE || errno == ENFILE);
    go_on();
}

void dns_lookup::ask(question& about, int family)
{
    ares_addrinfo_hints hints{};
    hints.ai_family = family;
    hints.ai_flags = ARES_AI_NOSORT; // servers balance their load by the order
    ares_getaddrinfo(channel_, host_.c_str(), nullptr, &hints, &dns_lookup::on_answer, &about);
}

/// Call after each call of c-ares.
void dns_lookup::go_on()
try {
    const auto now = std::chrono::steady_clock::now();
    if (!v4_.found.empty()) due_ = std::min(due_, now + wait_for_ipv6);
    if (!v6_.found.empty()) due_ = std::min(due_, now + wait_for_ipv4);
    if (over()) return changed_.set();
    for (const auto& [fd, one] : sockets_) {
        for (auto* each : {&one->reading, &one->writing})
            if (each->wanted && !each->awaited) await(one, *each);
    }
    await_time();
} catch (...) {
    failure_ = std::current_exception();
    changed_.set();
}

void dns_lookup::await(const std::shared_ptr<watched_socket>& one, interest& what)
{
    what.awaited = true;
    const auto ready = [weak = weak_from_this(), weak_one = std::weak_ptr(one), &what](
                           asio::error_code released) {
        const auto self = weak.lock();
        auto one = weak_one.lock();
        if (released || !self || !one) return;
        what.awaited = false;
        const bool reading = &what == &one->reading;
        const auto fd = one->descriptor.native_handle();
        one.reset(); // c-ares may close it, and open another with the same number
        self->on_ready(reading ? fd : ARES_SOCKET_BAD, reading ? ARES_SOCKET_BAD : fd);
    };
    one->descriptor.async_wait(what.in, ready);
}

void dns_lookup::await_time()
{
    auto when = due_;
    timeval room{};
    if (const auto* next = ares_timeout(channel_, nullptr, &room)) {
        const auto rounded_down =
            std::chrono::seconds(next->tv_sec) + std::chrono::microseconds(next->tv_usec);
        when = std::min(when, std::chrono::steady_clock::now() + rounded_down + milliseconds(1));
    }
    timer_.expires_at(when);
    timer_.async_wait([weak = weak_from_this()](asio::error_code canceled) {
        const auto self = weak.lock();
        if (canceled || !self) return;
        self->expired_ = std::chrono::steady_clock::now() >= self->due_;
        if (self->expired_) return self->go_on();
        self->on_ready(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    });
}

void dns_lookup::on_ready(ares_socket_t readable, ares_socket_t writable)
{
    ares_process_fd(channel_, readable, writable);
    go_on();
}

void dns_lookup::on_socket(void* self, ares_socket_t fd, int reading, int writing) noexcept
{
    auto& lookup = *static_cast<dns_lookup*>(self);
    try {
        lookup.watch(fd, reading != 0, writing != 0);
    } catch (...) {
        lookup.failure_ = std::current_exception();
    }
}

void dns_lookup::watch(ares_socket_t fd, bool reading, bool writing)
{
    if (!reading && !writing) { // it is about to be closed
        sockets_.erase(fd);
        return;
    }
    if (ending_) return;
    network_ = true;
    auto known = sockets_.find(fd);
    if (known == sockets_.end())
        known = sockets_.emplace(fd, std::make_shared<watched_socket>(executor_, fd)).first;
    known->second->reading.wanted = reading;
    known->second->writing.wanted = writing;
}

void dns_lookup::on_answer(void* asked, int status, int, ares_addrinfo* answer) noexcept
{
    const std::unique_ptr<ares_addrinfo, decltype(&ares_freeaddrinfo)> owner(
        answer, &ares_freeaddrinfo);
    auto& about = *static_cast<question*>(asked);
    about.answered = true;
    about.status = status;
    if (!answer || about.owner.ending_) return;
    try {
        about.owner.accept(about, *answer);
    } catch (...) {
        about.owner.failure_ = std::current_exception();
    }
}

/// The search list may lead the families to different hosts: the first that was found counts.
void dns_lookup::accept(question& asked, const ares_addrinfo& answer)
{
    const std::string name = answer.name ? answer.name : host_;
    if (!full_name_.empty() && !base::equal_ignoring_case(name, full_name_)) return;
    for (const auto* each = answer.nodes; each; each = each->ai_next)
        asked.found.push_back(address_of(*each));
    if (!asked.found.empty()) full_name_ = name;
}

host_addresses dns_lookup::take()
{
    if (failure_) std::rethrow_exception(failure_);
    if (v4_.found.empty() && v6_.found.empty()) throw why();
    return {std::move(v4_.found), std::move(v6_.found)};
}

error dns_lookup::why() const
{
    const auto failed = [](const std::string& sentence) {
        return error(errc::resolve_failed, sentence, {phase::resolve});
    };
    const auto status = more_telling(v4_.status, v6_.status);
    if (expired_ || status == ARES_ETIMEOUT) {
        const auto spent = std::chrono::steady_clock::now() - begun_;
        return {errc::timed_out,
            fmt::format("No name server has answered for {} within {} ms: check the network and "
                        "its name servers.",
                host_, std::chrono::floor<milliseconds>(spent).count()),
            {phase::resolve}};
    }
    if (out_of_files_)
        return failed(fmt::format("{} was not looked up: too many files and sockets are open. "
                                  "Raise the limit (ulimit -n), or look for what leaves them open.",
            host_));
    switch (status) {
    case ARES_ENOTFOUND: return failed(fmt::format("There is no host {}: check its name.", host_));
    case ARES_SUCCESS:
    case ARES_ENODATA:
        return failed(fmt::format("The host {} has no address: check its name.", host_));
    case ARES_EBADNAME: return failed(fmt::format("{} is not a host's name: check it.", host_));
    case ARES_ENOMEM: throw std::bad_alloc();
    default: break;
    }
    if (!network_)
        return failed(
            fmt::format("No name server can be reached to look up {}: check the network.", host_));
    return failed(fmt::format("No name server gave a usable answer for {}: check the network and "
                              "its name servers.",
        host_));
}

} // namespace

asio::awaitable<host_addresses> ask_name_servers(
    std::string host, std::chrono::milliseconds limit, name_servers whom)
{
    const auto executor = co_await asio::this_coro::executor;
    const auto lookup = std::make_shared<dns_lookup>(executor, std::move(host), limit);
    lookup->start(whom);
    while (!lookup->over()) co_await lookup->changed();
    co_return lookup->take();
}

} // namespace gemini::live::transport
