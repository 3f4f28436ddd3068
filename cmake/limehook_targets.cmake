# limehook_library(NAME sources... [DEPENDS libraries...])
# One static library per folder. Its dependencies are exactly the ones named here, so an include that
# points against the direction in ARCHITECTURE.md does not link.
function(limehook_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  add_library(limehook_${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  target_include_directories(limehook_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(limehook_${name} PUBLIC ${arg_DEPENDS})
endfunction()

# limehook_test(NAME sources... DEPENDS libraries...): one GoogleTest program, run by ctest as a whole.
function(limehook_test name)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} GTest::gtest GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1
           --gtest_output=json:${CMAKE_BINARY_DIR}/test-results/${name}.json)
endfunction()

# The Boost.Asio and Beast headers take seconds to parse; targets that use them share one precompiled set.
function(limehook_use_asio target)
  if(NOT TARGET limehook_asio_pch)
    file(WRITE ${CMAKE_BINARY_DIR}/asio_pch.cpp "")
    add_library(limehook_asio_pch STATIC ${CMAKE_BINARY_DIR}/asio_pch.cpp)
    target_include_directories(limehook_asio_pch PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(limehook_asio_pch PUBLIC limehook_asio Boost::json Boost::url spdlog::spdlog)
    target_precompile_headers(limehook_asio_pch PRIVATE ${PROJECT_SOURCE_DIR}/cmake/asio_pch.hpp)
  endif()
  target_link_libraries(${target} PUBLIC limehook_asio Boost::json Boost::url spdlog::spdlog)
  target_precompile_headers(${target} REUSE_FROM limehook_asio_pch)
endfunction()
