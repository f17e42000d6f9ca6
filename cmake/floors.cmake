# qvlm_floor(NAME FOLDER deps...): the static library of one floor of the house, made of every .cpp file in FOLDER.
# All includes in the tree are written from the repository root: #include "core/model/vlm_config.h".
function(qvlm_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wno-missing-field-initializers)
  if(QVLM_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

function(qvlm_floor name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  if(NOT sources)  # a floor that has nothing yet
    set(sources ${CMAKE_BINARY_DIR}/empty.cpp)
    if(NOT EXISTS ${sources})
      file(WRITE ${sources} "")
    endif()
  endif()
  if(NOT sources)  # a floor that is still empty
    set(sources ${CMAKE_BINARY_DIR}/nothing.cpp)
    file(TOUCH ${sources})
  endif()
  add_library(${name} STATIC ${sources})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARGN})
  qvlm_warnings(${name})
endfunction()
