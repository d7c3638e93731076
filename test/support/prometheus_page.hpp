// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

/// A page of Prometheus's text exposition format 0.0.4, read strictly: what the format forbids, or
/// what no careful writer does, throws std::runtime_error.
class prometheus_page {
public:
    using labels = std::map<std::string, std::string>;

    explicit prometheus_page(std::string_view text)
    {
        if (text.empty() || text.back() != '\n') fail("The page does not end with a line break.");
        while (!text.empty()) {
            const auto end = text.find('\n');
            read_line(text.substr(0, end));
            text.remove_prefix(end + 1);
        }
        end_family();
    }

    /// Returns the value of a sample. Throws if there is none.
    [[nodiscard]] double value(const std::string& name, const labels& with = {}) const
    {
        const auto found = samples_.find({name, with});
        if (found == samples_.end()) fail("There is no " + name);
        return found->second;
    }
    [[nodiscard]] const std::map<std::string, std::string>& types() const { return types_; }
    [[nodiscard]] const std::map<std::string, std::string>& helps() const { return helps_; }

private:
    [[noreturn]] static void fail(const std::string& why) { throw std::runtime_error(why); }

    static bool is_name(std::string_view text, bool with_colon)
    {
        const auto begins = [&](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                   (with_colon && c == ':');
        };
        if (text.empty() || !begins(text[0])) return false;
        for (const char c : text)
            if (!begins(c) && !(c >= '0' && c <= '9')) return false;
        return true;
    }

    static double number(std::string_view text)
    {
        const std::string all(text);
        std::size_t used = 0;
        double value = 0;
        try {
            value = std::stod(all, &used);
        } catch (const std::logic_error&) {
            used = 0;
        }
        if (used == 0 || used != all.size()) fail("A bad number: " + all);
        return value;
    }

    void read_line(std::string_view line)
    {
        const std::string all(line);
        if (line.starts_with("# HELP ")) {
            end_family();
            line.remove_prefix(7);
            const auto space = line.find(' ');
            if (space == std::string_view::npos) fail("No help: " + all);
            family_ = line.substr(0, space);
            if (!is_name(family_, true)) fail("A bad name: " + all);
            if (!helps_.emplace(family_, unescaped(line.substr(space + 1), false)).second)
                fail("A second family: " + all);
        } else if (line.starts_with("# TYPE ")) {
            line.remove_prefix(7);
            const auto space = line.find(' ');
            if (line.substr(0, space) != family_ || family_.empty())
                fail("TYPE before HELP: " + all);
            type_ = line.substr(space + 1);
            if (type_ != "counter" && type_ != "gauge" && type_ != "histogram")
                fail("A bad type: " + all);
            if (!types_.emplace(family_, type_).second) fail("A second TYPE: " + all);
        } else {
            read_sample(line);
        }
    }

    static std::string unescaped(std::string_view text, bool in_quotes)
    {
        std::string all;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '\\') {
                all += text[i];
                continue;
            }
            const char next = ++i < text.size() ? text[i] : '\0';
            if (next == 'n')
                all += '\n';
            else if (next == '\\' || (next == '"' && in_quotes))
                all += next;
            else
                fail("A bad escape: " + std::string(text));
        }
        return all;
    }

    void read_sample(std::string_view line)
    {
        const std::string all(line);
        if (type_.empty()) fail("A sample before its TYPE: " + all);
        const auto name_end = line.find_first_of("{ ");
        const std::string name(line.substr(0, name_end));
        if (!is_name(name, true) || name_end == std::string_view::npos) fail("A bad name: " + all);
        line.remove_prefix(name_end);
        labels with;
        if (line[0] == '{') {
            do {
                line.remove_prefix(1);
                const auto equals = line.find("=\"");
                if (equals == std::string_view::npos) fail("A bad label: " + all);
                const std::string label(line.substr(0, equals));
                if (!is_name(label, false)) fail("A bad label: " + all);
                line.remove_prefix(equals + 2);
                std::size_t end = 0;
                while (end < line.size() && line[end] != '"') end += line[end] == '\\' ? 2 : 1;
                if (end >= line.size()) fail("A label without end: " + all);
                if (!with.emplace(label, unescaped(line.substr(0, end), true)).second)
                    fail("A label twice: " + all);
                line.remove_prefix(end + 1);
                if (line.empty()) fail("Labels without end: " + all);
            } while (line[0] == ',');
            if (line[0] != '}') fail("Labels without end: " + all);
            line.remove_prefix(1);
        }
        if (line.empty() || line[0] != ' ') fail("No value: " + all);
        line.remove_prefix(1);
        add(name, with, number(line), all);
    }

    void add(const std::string& name, const labels& with, double value, const std::string& line)
    {
        if (!samples_.emplace(std::pair(name, with), value).second) fail("A sample twice: " + line);
        const bool may_fall = type_ == "gauge";
        if (!may_fall && !(value >= 0)) fail("A counter below zero: " + line);
        if (type_ != "histogram") {
            if (name != family_) fail("A sample of another family: " + line);
            if (type_ == "counter" && !name.ends_with("_total")) fail("Not _total: " + line);
            return;
        }
        auto others = with;
        others.erase("le");
        auto& one = histograms_[others];
        if (name == family_ + "_bucket") {
            const auto bound = with.find("le");
            if (bound == with.end()) fail("A bucket without le: " + line);
            if (one.has_sum) fail("A bucket after the sum: " + line);
            one.buckets.emplace_back(number(bound->second), value);
        } else if (name == family_ + "_sum") {
            one.has_sum = true;
        } else if (name == family_ + "_count") {
            one.count = value;
            one.has_count = true;
        } else {
            fail("A sample of another family: " + line);
        }
    }

    void end_family()
    {
        if (!family_.empty() && type_.empty()) fail("No TYPE: " + family_);
        if (type_ == "histogram" && histograms_.empty()) fail("No samples: " + family_);
        for (const auto& [with, one] : histograms_) {
            if (!one.has_sum || !one.has_count) fail("No sum or count: " + family_);
            for (std::size_t i = 1; i < one.buckets.size(); ++i) {
                if (one.buckets[i].first <= one.buckets[i - 1].first) fail("Unordered: " + family_);
                if (one.buckets[i].second < one.buckets[i - 1].second) fail("Falls: " + family_);
            }
            const bool ends_well = !one.buckets.empty() && std::isinf(one.buckets.back().first) &&
                                   one.buckets.back().second == one.count;
            if (!ends_well) fail("The bucket +Inf is not the count: " + family_);
        }
        histograms_.clear();
        family_.clear();
        type_.clear();
    }

    struct histogram {
        std::vector<std::pair<double, double>> buckets{};
        double count = 0;
        bool has_sum = false;
        bool has_count = false;
    };
    std::string family_{};
    std::string type_{};
    std::map<labels, histogram> histograms_{};
    std::map<std::string, std::string> types_{};
    std::map<std::string, std::string> helps_{};
    std::map<std::pair<std::string, labels>, double> samples_{};
};

} // namespace test
