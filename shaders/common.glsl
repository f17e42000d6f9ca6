// What every kernel shares: typed pointers (device addresses come in push constants; there are no descriptor sets) and
// flags.
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_ballot : require

layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer Texels { uvec4 at[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) readonly buffer Words { uint at[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) writeonly buffer OutWords { uint at[]; };
layout(buffer_reference, std430, buffer_reference_align = 8) readonly buffer Pairs { vec2 at[]; };
layout(buffer_reference, std430, buffer_reference_align = 8) writeonly buffer OutPairs { vec2 at[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) readonly buffer Ints { int at[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Floats { float at[]; };
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer Vectors { vec4 at[]; };
layout(buffer_reference, std430, buffer_reference_align = 16) writeonly buffer OutVectors { vec4 at[]; };

// What changes from step to step while the recorded commands stay: gpu/step_state.h.
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer StepState {
  uint position;  // of the first row of this step
};
