// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gemini/live/gcc12_guard.hpp>
#include <gemini/live/json.hpp>
#include <gemini/live/open_enum.hpp>
#include <gemini/live/switchable.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)
namespace gemini::live {

/// One thing about a value that its schema does not allow: see `schema::check`.
struct schema_mismatch {
    /// JSON pointer (RFC 6901) of the value that does not fit, or of the member that is not there;
    /// empty: the whole value.
    std::string path;
    /// What is wrong with it, in words for the model: "a string is required, not 5", "is required".
    std::string what;
    friend bool operator==(const schema_mismatch&, const schema_mismatch&) = default;
};

/// The type of a value, in the form that the service calls OpenAPI Schema. Build it in one
/// expression:
///
///     live::schema::object()
///         .property("city", live::schema::string("Where, e.g. Boston"))
///         .property("unit", live::schema::string().one_of("C").one_of("F"))
///         .required("city")
///
/// Wire: Schema, with its types in capitals.
class schema {
public:
    /// Converts a JSON Schema, or accepts a schema in the service's form. References, allOf, oneOf
    /// and const are resolved, null becomes `nullable`, several types become `anyOf`. What the
    /// service's form cannot express goes into the description in words (`not`, an enum of numbers)
    /// or is left out (`title`).
    ///
    /// Throws errc::invalid_argument, with the path, for what is not a schema, allows only null or
    /// nothing, names an unknown type, refers to itself, or becomes too large.
    /// `function_declaration::parameters_json_schema` sends a JSON Schema unchanged.
    schema(const json& text); // NOLINT(google-explicit-constructor)

    /// Returns the schema of an object without properties. Each `description` tells the model what
    /// the value means.
    [[nodiscard]] static schema object(std::string_view description = {});
    /// Returns the schema of a list whose elements match `items`.
    [[nodiscard]] static schema array(const schema& items, std::string_view description = {});
    /// Returns the schema of any text.
    [[nodiscard]] static schema string(std::string_view description = {});
    /// Returns the schema of any number, whole or not.
    [[nodiscard]] static schema number(std::string_view description = {});
    /// Returns the schema of any whole number.
    [[nodiscard]] static schema integer(std::string_view description = {});
    /// Returns the schema of true and false.
    [[nodiscard]] static schema boolean(std::string_view description = {});

    /// Returns a copy with one more member of an object. Properties keep the order in which they
    /// are added.
    [[nodiscard]] schema property(std::string_view name, const schema& type) const;
    /// Returns a copy in which the property `name` must be there.
    [[nodiscard]] schema required(std::string_view name) const;
    /// Returns a copy that allows this value of a string, besides those allowed before.
    [[nodiscard]] schema one_of(std::string_view value) const;
    /// Returns a copy that also allows null.
    [[nodiscard]] schema nullable() const;
    /// Returns a copy with any other member of the wire's Schema:
    /// `with("minItems", live::json("\"1\""))`.
    [[nodiscard]] schema with(std::string_view member, const json& value) const;

    /// Returns what of `value` does not fit this schema: at most 16 mismatches, in the order of the
    /// properties; none if it fits. Rules of a JSON Schema that the conversion has put into the
    /// description in words are not checked. Integers must be of 64 bits, in any spelling that
    /// `json::find_integer` reads. The formats int32, int64, float and date-time are checked, other
    /// formats are not. Members that are no properties are accepted, unless `additionalProperties`
    /// is false. `pattern` is not checked, since std::regex can overflow the stack: check it
    /// yourself.
    ///
    /// A mismatch quotes only the beginning of a long text. A value of more than about 250,000
    /// members and elements can be a mismatch itself, because checking it would take long. Throws
    /// errc::invalid_argument if a member that `with` has set is not valid in a schema.
    [[nodiscard]] std::vector<schema_mismatch> check(const json& value) const;

    /// Returns the schema in the form in which it is sent.
    [[nodiscard]] const json& text() const noexcept { return text_; }
    friend bool operator==(const schema&, const schema&) = default;

private:
    schema(std::string_view type, std::string_view description);
    json text_;
};

/// Whether the model continues to talk while a function runs. Wire: Behavior.
enum class behavior {
    unspecified,
    blocking, ///< It waits for the response.
    /// It continues; see `function_response::scheduling`. The default of 3.8 models.
    non_blocking,
};
[[nodiscard]] wire_name_list wire_names(behavior) noexcept;

/// A function that the model may call. Wire: tools[].functionDeclarations[].
struct function_declaration {
    /// A letter or _, then letters, digits and _ . : - up to 64 characters in all.
    std::string name;
    std::string description{}; ///< Tells the model what the function does, and when to call it.
    /// The arguments, as an object. Set this or `parameters_json_schema`, or neither for a function
    /// without arguments; both throw errc::invalid_argument where they are sent.
    std::optional<schema> parameters{};
    std::optional<json> parameters_json_schema{}; ///< A JSON Schema, which is sent unchanged.
    open_enum<live::behavior> behavior{};         ///< Absent: the model's default.
    std::optional<schema> response{};             ///< The result. Excludes `response_json_schema`.
    std::optional<json> response_json_schema{};   ///< The result. Excludes `response`.
    gcc12_guard<function_declaration> guard{};    ///< Not to be touched.
    friend bool operator==(const function_declaration&, const function_declaration&) = default;
};

/// A period. Wire: Interval.
struct time_interval {
    std::optional<std::chrono::system_clock::time_point> start_time{}; ///< Included.
    std::optional<std::chrono::system_clock::time_point> end_time{};   ///< Excluded.
    friend bool operator==(const time_interval&, const time_interval&) = default;
};

/// Search for web pages. Wire: SearchTypes.webSearch.
struct web_search {
    friend bool operator==(const web_search&, const web_search&) = default;
};
/// Search for images. Wire: SearchTypes.imageSearch.
struct image_search {
    friend bool operator==(const image_search&, const image_search&) = default;
};

/// What to search for. With neither, web pages. Wire: SearchTypes.
struct search_types {
    switchable<live::web_search> web_search = off;
    switchable<live::image_search> image_search = off;
    friend bool operator==(const search_types&, const search_types&) = default;
};

/// How certain it must be that a site is malicious before it is left out. Wire:
/// PhishBlockThreshold.
enum class phish_block_threshold {
    unspecified,
    low_and_above,
    medium_and_above,
    high_and_above,
    higher_and_above,
    very_high_and_above,
    only_extremely_high,
};
[[nodiscard]] wire_name_list wire_names(phish_block_threshold) noexcept;

/// Answers from Google Search. Wire: googleSearch.
struct google_search {
    switchable<time_interval> time_range_filter = off;      ///< Only results from this period.
    switchable<live::search_types> search_types = off;      ///< Off: web pages.
    std::vector<std::string> exclude_domains{};             ///< e.g. "example.com". Vertex AI only.
    open_enum<phish_block_threshold> blocking_confidence{}; ///< Vertex AI only.
    gcc12_guard<google_search> guard{};                     ///< Not to be touched.
    friend bool operator==(const google_search&, const google_search&) = default;
};

/// The model writes and runs Python. Wire: codeExecution.
struct code_execution {
    friend bool operator==(const code_execution&, const code_execution&) = default;
};

/// The model reads web pages whose addresses are in the conversation. Wire: urlContext.
struct url_context {
    friend bool operator==(const url_context&, const url_context&) = default;
};

/// Answers about places. Wire: GoogleMapsGroundingTypes.places.
struct maps_places {
    friend bool operator==(const maps_places&, const maps_places&) = default;
};
/// Answers about routes. Wire: GoogleMapsGroundingTypes.routing.
struct maps_routing {
    friend bool operator==(const maps_routing&, const maps_routing&) = default;
};

/// What Google Maps is asked for. With neither, places. Wire: GoogleMapsGroundingTypes.
struct maps_grounding_types {
    switchable<maps_places> places = off;
    switchable<maps_routing> routing = off;
    friend bool operator==(const maps_grounding_types&, const maps_grounding_types&) = default;
};

/// Answers from Google Maps. Wire: googleMaps.
struct google_maps {
    /// Requests `grounding_metadata::google_maps_widget_context_token`.
    std::optional<bool> enable_widget{};
    switchable<maps_grounding_types> grounding_types = off; ///< Vertex AI only.
    std::optional<json> auth_config{}; ///< {apiKey, …}; the Gemini API accepts apiKey only.
    gcc12_guard<google_maps> guard{};  ///< Not to be touched.
    friend bool operator==(const google_maps&, const google_maps&) = default;
};

/// The kind of screen that the model operates. Wire: ComputerUse.environment.
enum class computer_environment { unspecified, browser, mobile, desktop };
[[nodiscard]] wire_name_list wire_names(computer_environment) noexcept;

/// A kind of action for which the model asks the user first. Wire: SafetyPolicy.
enum class safety_policy {
    unspecified,
    financial_transactions,
    sensitive_data_modification,
    communication_tool,
    account_creation,
    data_modification,
    user_consent_management,
    legal_terms_and_agreements,
};
[[nodiscard]] wire_name_list wire_names(safety_policy) noexcept;

/// The model operates a screen through function calls. Wire: computerUse.
struct computer_use {
    open_enum<computer_environment> environment{};
    std::vector<std::string> excluded_predefined_functions{}; ///< Functions it must not call.
    std::optional<bool> enable_prompt_injection_detection{};  ///< In what the screen shows.
    /// Actions that need no question to the user.
    std::vector<open_enum<safety_policy>> disabled_safety_policies{};
    gcc12_guard<computer_use> guard{}; ///< Not to be touched.
    friend bool operator==(const computer_use&, const computer_use&) = default;
};

/// Answers from uploaded files. Gemini API only. Wire: fileSearch.
struct file_search {
    std::vector<std::string> file_search_store_names{}; ///< "fileSearchStores/…"
    std::string metadata_filter{};    ///< In the service's filter language; empty: all files.
    std::optional<int> top_k{};       ///< Pieces to find, 1 or more.
    gcc12_guard<file_search> guard{}; ///< Not to be touched.
    friend bool operator==(const file_search&, const file_search&) = default;
};

/// How the service reaches an MCP server. Wire: StreamableHttpTransport.
struct streamable_http_transport {
    std::string url;
    std::map<std::string, std::string> headers{};               ///< Sent with each request.
    std::optional<std::chrono::nanoseconds> timeout{};          ///< For each call.
    std::optional<std::chrono::nanoseconds> sse_read_timeout{}; ///< Between two events.
    /// Ends the MCP session when the Live session ends.
    std::optional<bool> terminate_on_close{};
    gcc12_guard<streamable_http_transport> guard{}; ///< Not to be touched.
    friend bool operator==(
        const streamable_http_transport&, const streamable_http_transport&) = default;
};

/// A server of the Model Context Protocol that the service itself calls. Gemini API only. Wire:
/// mcpServers[].
struct mcp_server {
    std::string name;
    std::optional<live::streamable_http_transport> streamable_http_transport{};
    gcc12_guard<mcp_server> guard{}; ///< Not to be touched.
    friend bool operator==(const mcp_server&, const mcp_server&) = default;
};

/// A data store of an engine, with its own filter. Wire: VertexAISearchDataStoreSpec.
struct data_store_spec {
    std::string data_store;               ///< "projects/…/dataStores/…"
    std::string filter{};                 ///< In the service's filter language; empty: all.
    gcc12_guard<data_store_spec> guard{}; ///< Not to be touched.
    friend bool operator==(const data_store_spec&, const data_store_spec&) = default;
};

/// Your data in Vertex AI Search. Wire: VertexAISearch.
struct vertex_ai_search {
    std::string datastore{};          ///< "projects/…/dataStores/…". Set this or `engine`.
    std::string engine{};             ///< "projects/…/engines/…". Set this or `datastore`.
    std::string filter{};             ///< In the service's filter language; empty: all.
    std::optional<int> max_results{}; ///< At most 10.
    std::vector<data_store_spec> data_store_specs{}; ///< Of an engine; empty: all of its stores.
    gcc12_guard<vertex_ai_search> guard{};           ///< Not to be touched.
    friend bool operator==(const vertex_ai_search&, const vertex_ai_search&) = default;
};

/// A corpus of the RAG Engine. Wire: VertexRagStoreRagResource.
struct rag_resource {
    std::string rag_corpus;                  ///< "projects/…/ragCorpora/…"
    std::vector<std::string> rag_file_ids{}; ///< Empty: all files of the corpus.
    gcc12_guard<rag_resource> guard{};       ///< Not to be touched.
    friend bool operator==(const rag_resource&, const rag_resource&) = default;
};

/// Your data in the RAG Engine. Wire: VertexRagStore.
struct vertex_rag_store {
    std::vector<rag_resource> rag_resources{};
    std::optional<json> rag_retrieval_config{};        ///< {topK, filter, hybridSearch, ranking}
    std::optional<int> similarity_top_k{};             ///< Pieces to find, 1 or more.
    std::optional<double> vector_distance_threshold{}; ///< Only pieces nearer than this.
    std::optional<bool> store_context{};               ///< Stores the conversation there.
    std::vector<std::string> rag_corpora{};            ///< Use `rag_resources` instead.
    gcc12_guard<vertex_rag_store> guard{};             ///< Not to be touched.
    friend bool operator==(const vertex_rag_store&, const vertex_rag_store&) = default;
};

/// Answers from your own data. Set one source. Vertex AI only. Wire: retrieval.
struct retrieval {
    std::optional<live::vertex_ai_search> vertex_ai_search{};
    std::optional<live::vertex_rag_store> vertex_rag_store{};
    std::optional<json> external_api{};        ///< {endpoint, apiSpec, apiAuth, …}
    std::optional<bool> disable_attribution{}; ///< Deprecated by the service.
    gcc12_guard<retrieval> guard{};            ///< Not to be touched.
    friend bool operator==(const retrieval&, const retrieval&) = default;
};

/// Web search for enterprises. Vertex AI only. Wire: enterpriseWebSearch.
struct enterprise_web_search {
    std::vector<std::string> exclude_domains{}; ///< e.g. "example.com"
    open_enum<phish_block_threshold> blocking_confidence{};
    gcc12_guard<enterprise_web_search> guard{}; ///< Not to be touched.
    friend bool operator==(const enterprise_web_search&, const enterprise_web_search&) = default;
};

/// Web search by Exa. Vertex AI only. Wire: exaAiSearch.
struct exa_ai_search {
    std::string api_key{};                ///< Your key at Exa.
    std::optional<json> custom_configs{}; ///< Parameters of Exa's API.
    gcc12_guard<exa_ai_search> guard{};   ///< Not to be touched.
    friend bool operator==(const exa_ai_search&, const exa_ai_search&) = default;
};

/// Web search by Parallel. Vertex AI only. Wire: parallelAiSearch.
struct parallel_ai_search {
    std::string api_key{};                ///< Your key at Parallel.
    std::optional<json> custom_configs{}; ///< Parameters of Parallel's API.
    std::optional<bool> enable_data_retention{};
    std::optional<bool> enable_zero_data_retention{};
    gcc12_guard<parallel_ai_search> guard{}; ///< Not to be touched.
    friend bool operator==(const parallel_ai_search&, const parallel_ai_search&) = default;
};

/// A tool that the model may use. Each kind converts to it: `setup.tools = {google_search{},
/// url_context{}}`. Wire: Tool.
struct tool {
    std::vector<function_declaration> function_declarations{};
    switchable<live::google_search> google_search = off;
    switchable<live::code_execution> code_execution = off;
    switchable<live::url_context> url_context = off;
    switchable<live::google_maps> google_maps = off;
    switchable<live::computer_use> computer_use = off;
    switchable<live::file_search> file_search = off;                     ///< Gemini API only.
    std::vector<mcp_server> mcp_servers{};                               ///< Gemini API only.
    switchable<live::retrieval> retrieval = off;                         ///< Vertex AI only.
    switchable<live::enterprise_web_search> enterprise_web_search = off; ///< Vertex AI only.
    switchable<live::exa_ai_search> exa_ai_search = off;                 ///< Vertex AI only.
    switchable<live::parallel_ai_search> parallel_ai_search = off;       ///< Vertex AI only.

    tool() = default;
    // NOLINTBEGIN(google-explicit-constructor)
    tool(std::vector<function_declaration> functions) : function_declarations(std::move(functions))
    {
    }
    tool(live::google_search value) : google_search(std::move(value)) {}
    tool(live::code_execution value) : code_execution(value) {}
    tool(live::url_context value) : url_context(value) {}
    tool(live::google_maps value) : google_maps(std::move(value)) {}
    tool(live::computer_use value) : computer_use(std::move(value)) {}
    tool(live::file_search value) : file_search(std::move(value)) {}
    tool(std::vector<mcp_server> servers) : mcp_servers(std::move(servers)) {}
    tool(live::retrieval value) : retrieval(std::move(value)) {}
    tool(live::enterprise_web_search value) : enterprise_web_search(std::move(value)) {}
    tool(live::exa_ai_search value) : exa_ai_search(std::move(value)) {}
    tool(live::parallel_ai_search value) : parallel_ai_search(std::move(value)) {}
    // NOLINTEND(google-explicit-constructor)
    friend bool operator==(const tool&, const tool&) = default;
};

} // namespace gemini::live
#pragma GCC visibility pop
