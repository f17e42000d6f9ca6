// What the kernels of matrix x matrix share: 64 rows of weights x 32 rows of x by 256 threads, 4 x 2 results each.
const uint TILE_N = 64u;
const uint HALF_M = 16u;  // tokens m and m + HALF_M of a tile go together

// Thread (tn, tm) has rows tn, tn + 16, tn + 32, tn + 48 and tokens tm, tm + 16.
void finish_tile(uint first_row, uint first_token, uint tn, uint tm, vec2 sums[4]) {
  if ((a.flags & PAIRED) != 0u) {  // in turns of 32 rows
    [[unroll]] for (uint i = 0u; i < 2u; ++i)
      [[unroll]] for (uint j = 0u; j < 2u; ++j) {
        uint m = first_token + tm + j * 16u;
        if (m < a.tokens) finish_pair(m, first_row / 2u + tn + i * 16u, sums[i][j], sums[i + 2u][j]);
      }
    return;
  }
  [[unroll]] for (uint i = 0u; i < 4u; ++i) {
    uint n = first_row + tn + i * 16u;
    [[unroll]] for (uint j = 0u; j < 2u; ++j) {
      uint m = first_token + tm + j * 16u;
      if (n < a.rows && m < a.tokens) finish(m, n, sums[i][j]);
    }
  }
}
