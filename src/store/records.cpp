#include "store/records.hpp"

namespace limehook::store {

bool WriteBatch::empty() const {
  return std::apply([](const auto&... parts) { return (parts.empty() && ...); }, parts_of(*this));
}

}  // namespace limehook::store
