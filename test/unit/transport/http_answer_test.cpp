// SPDX-License-Identifier: Apache-2.0
#include "transport/http_answer.hpp"
#include "transport/lws_handshake.hpp"

#include "support/catch.hpp"

#include <string>

namespace http_answer_test {

using namespace gemini::live;
using namespace gemini::live::transport;

namespace {

bool feed(http_answer& answer, std::string_view piece) { return answer.feed(piece); }

/// Fed in pieces of this many bytes.
http_answer read(std::string_view text, std::size_t piece)
{
    http_answer answer;
    while (!text.empty()) {
        const auto size = std::min(piece, text.size());
        if (feed(answer, text.substr(0, size))) break;
        text.remove_prefix(size);
    }
    return answer;
}

} // namespace

TEST_CASE("an HTTP response is read wherever it is cut, in every framing")
{
    struct row {
        std::string text;
        int status;
        std::string body;
    };
    const auto each = GENERATE(
        row{"HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\nbodyrest", 400, "body"},
        row{"HTTP/1.1 404\r\nX: y\r\n\r\nup to the end", 404, "up to the end"},
        row{"HTTP/1.0 503 Busy\n\nbare line feeds", 503, "bare line feeds"},
        row{"HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x\r\n0123456789\r\n"
            "0\r\n\r\n",
            400, "abc0123456789"},
        row{"HTTP/1.1 400 No\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Encoding: gzip\r\n\r\n"
            "3\r\nabc\r\n0\r\n\r\n",
            400, ""},
        row{"HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc", 400, ""},
        row{"HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcdef", 400, "ab"},
        row{"HTTP/1.1 204 None\r\n\r\nbody", 204, ""},
        row{"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\nbody", 400, ""},
        row{"HTTP/1.1 400 No\r\nContent-Length: many\r\n\r\nbody", 400, ""},
        row{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", 403,
            "no"},
        row{"HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\nLink: </a>\r\n\r\nHTTP/1.1 102 "
            "Processing\n\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 No\r\nContent-Length: 2"
            "\r\n\r\nno",
            403, "no"});
    for (const std::size_t piece : {1u, 2u, 7u, 1000u}) {
        INFO(each.text << " by " << piece);
        const auto answer = read(each.text, piece);
        CHECK(answer.has_head());
        CHECK(answer.status() == each.status);
        CHECK(answer.body() == each.body);
    }
}

TEST_CASE("an endless response is kept up to its bounds")
{
    http_answer body;
    CHECK_FALSE(feed(body, "HTTP/1.1 500 Oh\r\n\r\n"));
    CHECK_FALSE(feed(body, std::string(http_answer::longest_body - 1, 'x')));
    CHECK(feed(body, "xx"));
    CHECK(body.body().size() == http_answer::longest_body);

    http_answer head;
    CHECK_FALSE(feed(head, "HTTP/1.1 500 Oh\r\nRetry-After: 7\r\nX: "));
    bool done = false;
    for (int i = 0; i < 80 && !done; ++i) done = feed(head, std::string(1024, 'x'));
    CHECK(done);
    CHECK(head.status() == 500);
    CHECK(head.field("retry-after") == "7");

    http_answer interim;
    done = false;
    for (int i = 0; i < 5000 && !done; ++i) done = feed(interim, "HTTP/1.1 100 Go on\r\n\r\n");
    CHECK(done);
    CHECK(interim.status() == 0);

    http_answer line;
    CHECK_FALSE(feed(line, "HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n"));
    done = false;
    for (int i = 0; i < 5000 && !done; ++i) done = feed(line, "1");
    CHECK(done);
}

TEST_CASE("a head of 64 KB is read, wherever it is cut")
{
    const std::string start = "HTTP/1.1 101 Switching\r\nX: ";
    const std::string end = "\r\nY: z\r\n\r\n";
    const auto padding = http_answer::longest_head - start.size() - end.size();
    for (const std::size_t piece : {1u, 1'000u, 100'000u}) {
        const auto answer = read(start + std::string(padding, 'x') + end, piece);
        CHECK(answer.has_whole_head());
        CHECK(answer.field("x").size() == padding);
        CHECK(answer.field("y") == "z");
        const auto longer = read(start + std::string(padding + 1, 'x') + end, piece);
        CHECK(longer.has_head());
        CHECK_FALSE(longer.has_whole_head());
    }
}

TEST_CASE("what follows a response is left for the next reader")
{
    const auto text = GENERATE(as<std::string>(), "HTTP/1.1 101 Switching\r\nX: a\r\nX: b\r\n\r\n",
        "HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\nno");
    const auto both = text + "behind";
    for (std::size_t cut = 0; cut <= both.size(); ++cut) {
        http_answer answer;
        auto front = std::string_view(both).substr(0, cut);
        auto back = std::string_view(both).substr(cut);
        if (!answer.feed(front)) CHECK(answer.feed(back));
        CHECK(std::string(front).append(back) == "behind");
        CHECK(answer.has_whole_head());
        CHECK(answer.version() == "HTTP/1.1");
    }
}

TEST_CASE("anything but HTTP is recognized by its first bytes")
{
    const auto text = GENERATE(as<std::string>(), "SSH-2.0-OpenSSH_9.2", "H2", "http/1.1 200 OK");
    http_answer answer;
    CHECK(feed(answer, text));
    CHECK(answer.status() == 0);
    http_answer begun;
    CHECK_FALSE(feed(begun, "HT"));
    CHECK_FALSE(feed(begun, "TP/1"));
    CHECK(feed(begun, "x") == false);
}

TEST_CASE("the text of a refusal decides its meaning, and is reported")
{
    const auto key = refused_upgrade(400, "Bad Request", {}, "API key not valid.");
    CHECK(key.value() == errc::unauthorized);
    CHECK(key.reason() == "API key not valid.");
    CHECK(std::string(key.what()) == "The server did not accept the credentials (HTTP 400: API key "
                                     "not valid.): check the API key or token.");
    CHECK(refused_upgrade(403, "", {}, "Quota exceeded for x").value() == errc::quota_exceeded);
    CHECK(refused_upgrade(403, "", {}, "PERMISSION_DENIED").value() == errc::unauthorized);
    for (const int status : {200, 401, 403, 404}) {
        const auto page = refused_upgrade(status, "OK", {}, "web page \"Log in: permission\"");
        CHECK(page.value() == errc::rejected);
        CHECK(std::string(page.what()).find("portal") != std::string::npos);
    }
    CHECK(refused_upgrade(503, "", {}, "web page").value() == errc::unavailable);
    CHECK(refused_upgrade(408, "", {}).value() == errc::unavailable);
    CHECK(refused_upgrade(425, "", {}).value() == errc::unavailable);
}

} // namespace http_answer_test
