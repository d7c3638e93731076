// SPDX-License-Identifier: Apache-2.0
#include "support/dns_peer.hpp"

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/read.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace test {

using asio::ip::tcp;
using asio::ip::udp;

namespace {

constexpr std::size_t header_size = 12;
constexpr int type_a = 1, type_cname = 5, type_aaaa = 28;

struct dns_question {
    std::string name; // in lower case
    int type = 0;
    std::string bytes; // as asked

    [[nodiscard]] std::string text() const
    {
        return (type == type_a ? "A " : type == type_aaaa ? "AAAA " : "? ") + name;
    }
};

int number_at(std::string_view bytes, std::size_t at)
{
    return static_cast<std::uint8_t>(bytes.at(at)) << 8 |
           static_cast<std::uint8_t>(bytes.at(at + 1));
}

std::string as_number(std::size_t number)
{
    return {static_cast<char>(number >> 8), static_cast<char>(number)};
}

dns_question parse_question(const std::string& query)
{
    dns_question question;
    auto at = header_size;
    while (const auto size = static_cast<std::uint8_t>(query.at(at))) {
        if (!question.name.empty()) question.name += '.';
        question.name += query.substr(at + 1, size);
        at += size + 1u;
    }
    std::transform(question.name.begin(), question.name.end(), question.name.begin(),
        [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    question.type = number_at(query, at + 1);
    question.bytes = query.substr(header_size, at + 5 - header_size);
    return question;
}

std::string encoded(std::string_view name)
{
    std::string bytes;
    while (!name.empty()) {
        const auto label = name.substr(0, name.find('.'));
        bytes += static_cast<char>(label.size());
        bytes += label;
        name.remove_prefix(std::min(label.size() + 1, name.size()));
    }
    return bytes + '\0';
}

std::string resource(const std::string& owner, int type, const std::string& data)
{
    const std::string internet = as_number(1), seconds_to_live = as_number(0) + as_number(60);
    return owner + as_number(static_cast<std::size_t>(type)) + internet + seconds_to_live +
           as_number(data.size()) + data;
}

template <class Address>
std::string bytes_of(const Address& address)
{
    const auto bytes = address.to_bytes();
    return {bytes.begin(), bytes.end()};
}

std::string answer_to(const std::string& query, const dns_record& record, int rcode, bool cut)
{
    const auto question = parse_question(query);
    std::string owner = "\xc0\x0c"; // the name in the question
    std::vector<std::string> resources;
    if (!record.alias.empty()) {
        resources.push_back(resource(owner, type_cname, encoded(record.alias)));
        owner = encoded(record.alias);
    }
    for (const auto& each : record.addresses) {
        const auto address = asio::ip::make_address(each);
        if (address.is_v4() && question.type == type_a)
            resources.push_back(resource(owner, type_a, bytes_of(address.to_v4())));
        if (address.is_v6() && question.type == type_aaaa)
            resources.push_back(resource(owner, type_aaaa, bytes_of(address.to_v6())));
    }
    if (cut) resources.clear();
    const std::size_t flags = 0x8580u | (cut ? 0x0200u : 0u) | static_cast<unsigned>(rcode);
    auto bytes = query.substr(0, 2) + as_number(flags) + as_number(1) +
                 as_number(resources.size()) + as_number(0) + as_number(0) + question.bytes;
    for (const auto& each : resources) bytes += each;
    return bytes;
}

} // namespace

struct dns_peer::state {
    /// With port 0: one that is free for both.
    state(asio::io_context& io, const asio::ip::address& address, std::uint16_t port)
        : datagrams(io), acceptor(io)
    {
        std::error_code taken;
        do {
            acceptor = tcp::acceptor(io, tcp::endpoint(address, port));
            datagrams = udp::socket(io, udp::v4());
            datagrams.bind({address, acceptor.local_endpoint().port()}, taken);
        } while (taken && port == 0);
        if (taken) throw std::system_error(taken);
    }

    /// Calls `reply`, now or when the question is released.
    void answer(
        const std::string& query, bool by_tcp, const std::function<void(std::string)>& reply)
    {
        const auto question = parse_question(query);
        questions.push_back(question.text() + (by_tcp ? ", by TCP" : ""));
        const auto respond = [this, query, by_tcp, reply, question] {
            constexpr int no_such_name = 3;
            const auto found = records.find(question.name);
            const auto record = found == records.end() ? dns_record{} : found->second;
            const auto failure = failures.find(question.text());
            const int rcode = failure != failures.end() ? failure->second
                              : found == records.end()  ? no_such_name
                                                        : 0;
            reply(answer_to(query, record, rcode, record.cut && !by_tcp));
        };
        if (held.count(question.text()) != 0)
            waiting.emplace(question.text(), respond);
        else
            respond();
    }

    static asio::awaitable<void> serve_datagrams(std::shared_ptr<state> self)
    {
        std::array<char, 2048> buffer;
        for (;;) {
            udp::endpoint from;
            const auto size = co_await self->datagrams.async_receive_from(
                asio::buffer(buffer), from, asio::use_awaitable);
            const auto reply = [weak = std::weak_ptr(self), from](const std::string& bytes) {
                std::error_code gone;
                if (const auto open = weak.lock())
                    open->datagrams.send_to(asio::buffer(bytes), from, 0, gone);
            };
            self->answer(std::string(buffer.data(), size), false, reply);
        }
    }

    static asio::awaitable<void> serve_streams(std::shared_ptr<state> self)
    {
        for (;;) {
            auto accepted = co_await self->acceptor.async_accept(asio::use_awaitable);
            const auto executor = accepted.get_executor();
            const auto stream = std::make_shared<tcp::socket>(std::move(accepted));
            asio::co_spawn(executor, serve_stream(self, stream), asio::detached);
        }
    }

    static asio::awaitable<void> serve_stream(
        std::shared_ptr<state> self, std::shared_ptr<tcp::socket> stream)
    {
        for (;;) {
            std::string size(2, '\0');
            co_await asio::async_read(*stream, asio::buffer(size), asio::use_awaitable);
            std::string query(static_cast<std::size_t>(number_at(size, 0)), '\0');
            co_await asio::async_read(*stream, asio::buffer(query), asio::use_awaitable);
            const auto reply = [stream](const std::string& bytes) {
                std::error_code gone;
                asio::write(*stream, asio::buffer(as_number(bytes.size()) + bytes), gone);
            };
            self->answer(query, true, reply);
        }
    }

    udp::socket datagrams;
    tcp::acceptor acceptor;
    std::map<std::string, dns_record> records;
    std::map<std::string, int> failures;
    std::set<std::string> held;
    std::multimap<std::string, std::function<void()>> waiting;
    std::vector<std::string> questions;
};

dns_peer::dns_peer(asio::io_context& io, const std::string& address, std::uint16_t port)
    : state_(std::make_shared<state>(io, asio::ip::make_address(address), port))
{
    asio::co_spawn(io, state::serve_datagrams(state_), asio::detached);
    asio::co_spawn(io, state::serve_streams(state_), asio::detached);
}

dns_peer::~dns_peer()
{
    std::error_code ignored;
    state_->datagrams.close(ignored);
    state_->acceptor.close(ignored);
    state_->waiting.clear();
}

std::uint16_t dns_peer::port() const { return state_->datagrams.local_endpoint().port(); }

void dns_peer::set(const std::string& name, dns_record record)
{
    state_->records[name] = std::move(record);
}

void dns_peer::fail(const std::string& question, int rcode) { state_->failures[question] = rcode; }

void dns_peer::hold(const std::string& question) { state_->held.insert(question); }

void dns_peer::release(const std::string& question)
{
    state_->held.erase(question);
    const auto [first, last] = state_->waiting.equal_range(question);
    for (auto each = first; each != last; ++each) each->second();
    state_->waiting.erase(first, last);
}

const std::vector<std::string>& dns_peer::questions() const { return state_->questions; }

} // namespace test
