// What operators and their programs ask for.

#include "api/api.hpp"
#include "api/openapi.hpp"

namespace limehook::api {

asio::awaitable<Response> Api::get_health(const Call&) {
  co_return Response{200, "application/json", R"({"status":"ok"})", {}};
}

asio::awaitable<Response> Api::get_readiness(const Call&) {
  if (engine_.draining())
    co_return Response{503, "application/json", R"({"status":"stopping"})", {{"Retry-After", "5"}}};
  if (!engine_.store_healthy()) {
    co_return Response{503, "application/json", R"({"status":"the store cannot be written"})", {{"Retry-After", "5"}}};
  }
  co_return Response{200, "application/json", R"({"status":"ready"})", {}};
}

asio::awaitable<Response> Api::get_metrics(const Call&) {
  engine_.refresh_gauges();
  co_return Response{200, "text/plain; version=0.0.4; charset=utf-8", metrics_.text(), {}};
}

asio::awaitable<Response> Api::get_openapi(const Call&) {
  co_return Response{200, "application/json", std::string(openapi_json()), {}};
}

}  // namespace limehook::api
