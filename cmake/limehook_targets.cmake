# limehook_precompiled(NAME HEADER [OPTIONS options…] DEPENDS libraries…): a set of precompiled headers, those that
# cmake/HEADER includes. Most files of this project are read in less time than the headers of the standard library and Boost.
function(limehook_precompiled name header)
  cmake_parse_arguments(arg "" "" "OPTIONS;DEPENDS" ${ARGN})
  if(TARGET ${name})
    return()
  endif()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${name}.cpp CONTENT "")
  add_library(${name} STATIC ${CMAKE_BINARY_DIR}/${name}.cpp)
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PUBLIC ${arg_DEPENDS})
  target_compile_options(${name} PRIVATE ${arg_OPTIONS})
  target_precompile_headers(${name} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/${header})
endfunction()

# limehook_library(NAME sources... [DEPENDS libraries...])
# One static library per folder. Its dependencies are exactly the ones named here, so an include that
# points against the direction in ARCHITECTURE.md does not link.
function(limehook_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  add_library(limehook_${name} STATIC ${arg_UNPARSED_ARGUMENTS})
  target_include_directories(limehook_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(limehook_${name} PUBLIC ${arg_DEPENDS})
  limehook_precompiled(limehook_std_pch std_pch.hpp)
  target_precompile_headers(limehook_${name} REUSE_FROM limehook_std_pch)
endfunction()

# What is tested is optimized as it is shipped; to optimize the tests themselves takes longer than to run them as they are.
# Those that compute much say OPTIMIZED.
set(LIMEHOOK_TEST_OPTIONS $<$<CONFIG:RelWithDebInfo>:-O0>)

# limehook_test(NAME [OPTIMIZED] sources... DEPENDS libraries...): one GoogleTest program, run by ctest as a whole.
function(limehook_test name)
  cmake_parse_arguments(arg "OPTIMIZED" "" "DEPENDS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} GTest::gtest GTest::gmock GTest::gtest_main)
  limehook_precompiled(limehook_test_pch test_pch.hpp OPTIONS ${LIMEHOOK_TEST_OPTIONS}
                       DEPENDS GTest::gtest GTest::gmock Boost::json)
  if(NOT arg_OPTIMIZED)
    target_compile_options(${name} PRIVATE ${LIMEHOOK_TEST_OPTIONS})
    target_precompile_headers(${name} REUSE_FROM limehook_test_pch)
  endif()
  set_target_properties(${name} PROPERTIES LIMEHOOK_IS_TEST ON)
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1
           --gtest_output=json:${CMAKE_BINARY_DIR}/test-results/${name}.json)
endfunction()

# For targets that use the headers of Boost.Asio or Beast.
function(limehook_use_asio target)
  set(libraries limehook_asio Boost::json Boost::url spdlog::spdlog)
  target_link_libraries(${target} PUBLIC ${libraries})
  get_target_property(is_test ${target} LIMEHOOK_IS_TEST)
  if(is_test)
    limehook_precompiled(limehook_asio_test_pch asio_test_pch.hpp OPTIONS ${LIMEHOOK_TEST_OPTIONS}
                         DEPENDS GTest::gtest GTest::gmock ${libraries})
    target_precompile_headers(${target} REUSE_FROM limehook_asio_test_pch)
  else()
    limehook_precompiled(limehook_asio_pch asio_pch.hpp DEPENDS ${libraries})
    target_precompile_headers(${target} REUSE_FROM limehook_asio_pch)
  endif()
endfunction()
