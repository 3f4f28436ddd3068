#pragma once
// Cursors of lists: a position in a list, sealed for that list. Nobody can read out of one where others' things are,
// make one up, or go on with it in another list. The same position has the same text, also after a restart.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "signing/signing.hpp"

namespace limehook::api {

class CursorSeal {
 public:
  // `key`: secret bytes.
  explicit CursorSeal(std::string_view key);

  // `list` says which list the cursor is of; `position` has at most 128 bytes.
  std::string seal(std::string_view list, std::string_view position) const;
  // Nothing unless seal() made `text` for this list.
  std::optional<std::string> open(std::string_view list, std::string_view text) const;

  // The same for positions that are ids.
  std::string seal_id(std::string_view list, std::int64_t position) const;
  std::optional<std::int64_t> open_id(std::string_view list, std::string_view text) const;

 private:
  std::string tag_of(std::string_view list, std::string_view position) const;
  std::string covered(std::string_view tag, std::string_view bytes) const;

  signing::HmacSha256 tags_;
  signing::HmacSha256 covers_;
};

}  // namespace limehook::api
