// SPDX-License-Identifier: Apache-2.0
#include "support/client_codec.hpp"

#include "protocol/decode.hpp"
#include "protocol/fields.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/reader.hpp"
#include "protocol/writer.hpp"

namespace test {

using namespace gemini::live;
using namespace gemini::live::protocol;

client_message decode_client_message(std::string_view text)
{
    const decode_limits limits;
    reader in(reader::from::client, {limits.values, limits.memory});
    const simdjson::padded_string padded(text);
    ondemand::parser parser;
    ondemand::document document;
    ondemand::object object;
    if (parser.iterate(padded).get(document) != simdjson::SUCCESS) in.fail("is not JSON in UTF-8");
    if (document.get_object().get(object) != simdjson::SUCCESS) in.fail("is not a JSON object");
    client_message message;
    in.members(object, message, rules_for<client_message>::value);
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
        in.fail("goes on behind its end");
    return message;
}

base::frame encode_client_message(const client_message& message, backend backend)
{
    json_writer out;
    writer(out, backend).write(message);
    return base::frame(out.text());
}

} // namespace test
