// SPDX-License-Identifier: Apache-2.0
// The first byte chooses the message limit and how the stream is cut; the rest is the stream.
// However it is cut, the events must be the same, and memory must stay bounded.
#include "transport/frame_reader.hpp"
#include "fuzz/pieces.hpp"

#include <algorithm>
#include <string>

using namespace gemini::live;

namespace {

struct describe {
    std::string operator()(const transport::message& m) const
    {
        return "m" + std::to_string(static_cast<int>(m.kind)) + std::string(m.payload.view());
    }
    std::string operator()(const transport::ping_frame& f) const { return "i" + f.payload; }
    std::string operator()(const transport::pong_frame& f) const { return "o" + f.payload; }
    std::string operator()(const transport::close_frame& f) const
    {
        return "c" + std::to_string(f.code) + f.reason;
    }
    std::string operator()(const transport::violation& v) const
    {
        return "v" + std::to_string(v.close_code) + v.why.what();
    }
};

class observer {
public:
    explicit observer(std::size_t limit) : limit_(limit), reader_(limit) {}

    void take(std::string_view piece)
    {
        arrived_ += piece.size();
        std::span<const char> bytes = piece;
        while (auto event = reader_.next(bytes)) {
            fuzz::require(!ended_);
            ended_ = reader_.ended();
            if (const auto* message = std::get_if<transport::message>(&*event))
                fuzz::require(message->payload.size() <= limit_);
            seen_ += std::visit(describe(), *event) + '\n';
        }
        fuzz::require(bytes.empty());
        fuzz::require(reader_.capacity() <= limit_);
        fuzz::require(
            reader_.capacity() <= arrived_ + std::max<std::size_t>(64 * 1024, arrived_ / 2));
    }

    [[nodiscard]] const std::string& seen() const { return seen_; }

private:
    std::size_t limit_;
    std::size_t arrived_ = 0;
    bool ended_ = false;
    transport::frame_reader reader_;
    std::string seen_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) return 0;
    const std::size_t limit = std::size_t{1} << (data[0] % 25);
    const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);

    observer whole(limit);
    whole.take(stream);
    for (const std::size_t most : {std::size_t{1}, std::size_t{9}, size}) {
        observer cut(limit);
        fuzz::in_pieces(stream, data[0], most, [&cut](std::string_view piece) { cut.take(piece); });
        fuzz::require(cut.seen() == whole.seen());
    }
    return 0;
}
