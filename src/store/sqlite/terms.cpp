#include "store/sqlite/terms.hpp"

#include <bit>
#include <cstring>

namespace limehook::store::sqlite {
namespace {

static_assert(std::endian::native == std::endian::little, "columns are written in the machine's byte order");

std::uint64_t finish(std::uint64_t z) {  // SplitMix64's finalizer
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

}  // namespace

std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = finish(text.size() + 0x9E3779B97F4A7C15ULL);
  while (!text.empty()) {
    const std::size_t size = std::min<std::size_t>(8, text.size());
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), size);
    hash = finish(hash ^ word) + 0x9E3779B97F4A7C15ULL;
    text.remove_prefix(size);
  }
  return finish(hash);
}

std::uint64_t hash_number(std::int64_t value) {
  return finish(static_cast<std::uint64_t>(value) + 0x9E3779B97F4A7C15ULL);
}

std::uint64_t term_code(std::string_view term) {
  const bool plus = term.starts_with('+');
  return term_key(hash_text(plus ? term.substr(1) : term)) | (plus ? 1U : 0U);
}

void append_terms(std::string& out, std::span<const std::string> terms) {
  for (const std::string& term : terms) {
    const std::uint64_t code = term_code(term);
    out.append(reinterpret_cast<const char*>(&code), sizeof code);
  }
}

std::uint64_t term_at(std::string_view column, std::size_t index) {
  std::uint64_t code;
  std::memcpy(&code, column.data() + index * 8, sizeof code);
  return code;
}

bool has_term(std::string_view column, std::uint64_t code) {
  for (std::size_t i = 0; i < term_count(column); ++i) {
    // A search without '+' finds both forms.
    if (term_at(column, i) == code || term_at(column, i) == (code | 1U)) return true;
  }
  return false;
}

}  // namespace limehook::store::sqlite
