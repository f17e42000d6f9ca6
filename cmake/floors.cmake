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
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARGN})
  qvlm_warnings(${name})
endfunction()
