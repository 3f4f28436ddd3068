#pragma once
// Search terms are kept as 64-bit numbers. The lowest bit says whether the term begins with '+', the rest is a hash of
// what follows, so that a number is found with and without its '+' by one look-up.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace limehook::store::sqlite {

// The hash is part of the file format.
std::uint64_t hash_text(std::string_view text);
std::uint64_t hash_number(std::int64_t value);

std::uint64_t term_code(std::string_view term);
// What both forms of a number share; the key of the log index.
inline std::uint64_t term_key(std::uint64_t code) { return code & ~std::uint64_t{1}; }

// The column events.terms: eight bytes a term, low byte first.
void append_terms(std::string& out, std::span<const std::string> terms);
std::uint64_t term_at(std::string_view column, std::size_t index);
inline std::size_t term_count(std::string_view column) { return column.size() / 8; }

// Does a row with these terms match a search for `code`?
bool has_term(std::string_view column, std::uint64_t code);

}  // namespace limehook::store::sqlite
