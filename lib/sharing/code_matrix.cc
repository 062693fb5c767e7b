#include "sharing/code_matrix.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/error.h"
#include "sharing/field_11d.h"

namespace fenchi {

std::uint8_t ParityCoefficient(int row, int column) {
  assert(row >= 0 && column >= 0 && (row < 2 || row - 1 + column < 255));
  if (row == 0) return 1;
  if (row == 1) return field_11d::PowerOfTwo(column);
  return field_11d::Inverse(field_11d::PowerOfTwo(row - 1) ^ field_11d::PowerOfTwo(-column));
}

void AddMultiple(MutableBytes target, std::uint8_t factor, ByteView source) {
  if (factor == 0) return;
  for (std::size_t i = 0; i < target.size(); ++i) {
    target[i] ^= field_11d::Multiply(factor, source[i]);
  }
}

CodeMatrix ParityRows(int k, int first_row, int rows) {
  CodeMatrix matrix(rows, k);
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < k; ++j) matrix.at(i, j) = ParityCoefficient(first_row + i, j);
  }
  return matrix;
}

Result<CodeMatrix> Inverse(const CodeMatrix& square) {
  const int size = square.rows();
  assert(size == square.columns());
  // Gauss-Jordan: what turns `left` into the identity turns the identity into the inverse.
  CodeMatrix left = square;
  CodeMatrix right(size, size);
  for (int i = 0; i < size; ++i) right.at(i, i) = 1;
  for (int column = 0; column < size; ++column) {
    int pivot = column;
    while (pivot < size && left.at(pivot, column) == 0) ++pivot;
    if (pivot == size) return Internal("erasure code: singular matrix of {} rows", size);
    if (pivot != column) {
      std::ranges::swap_ranges(left.row(pivot), left.row(column));
      std::ranges::swap_ranges(right.row(pivot), right.row(column));
    }
    const std::uint8_t scale = field_11d::Inverse(left.at(column, column));
    for (std::uint8_t& cell : left.row(column)) cell = field_11d::Multiply(cell, scale);
    for (std::uint8_t& cell : right.row(column)) cell = field_11d::Multiply(cell, scale);
    for (int row = 0; row < size; ++row) {
      if (row == column) continue;
      const std::uint8_t factor = left.at(row, column);
      AddMultiple(left.row(row), factor, left.row(column));
      AddMultiple(right.row(row), factor, right.row(column));
    }
  }
  return right;
}

namespace {

// Which shards there are, by where they stand in `present`.
struct Inventory {
  std::vector<int> position_of_data;  // by data index; -1: lost
  std::vector<int> lost;              // data indexes
  std::vector<int> parity_positions;  // of the parity shards, as many as are lost
};

Inventory TakeInventory(int k, std::span<const int> present) {
  Inventory inventory;
  inventory.position_of_data.assign(static_cast<std::size_t>(k), -1);
  for (int position = 0; position < k; ++position) {
    const int index = present[static_cast<std::size_t>(position)];
    if (index < k) {
      inventory.position_of_data[static_cast<std::size_t>(index)] = position;
    } else {
      inventory.parity_positions.push_back(position);
    }
  }
  for (int j = 0; j < k; ++j) {
    if (inventory.position_of_data[static_cast<std::size_t>(j)] < 0) inventory.lost.push_back(j);
  }
  return inventory;
}

// Rows that give the lost data. A present parity shard is P_a = sum g(a, j) D_j; moving what is
// known to one side leaves a small square system over the lost data only:
//   sum over lost of g(a, b) D_b = P_a + sum over present data of g(a, p) D_p.
Result<CodeMatrix> LostDataRows(int k, std::span<const int> present, const Inventory& inventory) {
  const int lost_count = static_cast<int>(inventory.lost.size());
  CodeMatrix system(lost_count, lost_count);
  CodeMatrix known(lost_count, k);
  for (int a = 0; a < lost_count; ++a) {
    const int position = inventory.parity_positions[static_cast<std::size_t>(a)];
    const int row = present[static_cast<std::size_t>(position)] - k;
    for (int b = 0; b < lost_count; ++b) {
      system.at(a, b) = ParityCoefficient(row, inventory.lost[static_cast<std::size_t>(b)]);
    }
    known.at(a, position) = 1;
    for (int j = 0; j < k; ++j) {
      const int data_position = inventory.position_of_data[static_cast<std::size_t>(j)];
      if (data_position >= 0) known.at(a, data_position) = ParityCoefficient(row, j);
    }
  }
  FENCHI_ASSIGN_OR_RETURN(const CodeMatrix inverse, Inverse(system));
  CodeMatrix rows(lost_count, k);
  for (int b = 0; b < lost_count; ++b) {
    for (int a = 0; a < lost_count; ++a) {
      AddMultiple(rows.row(b), inverse.at(b, a), known.row(a));
    }
  }
  return rows;
}

}  // namespace

Result<CodeMatrix> DecodeRows(int k, std::span<const int> present, std::span<const int> wanted) {
  const Inventory inventory = TakeInventory(k, present);
  FENCHI_ASSIGN_OR_RETURN(const CodeMatrix lost_rows, LostDataRows(k, present, inventory));
  CodeMatrix rows(static_cast<int>(wanted.size()), k);
  for (int w = 0; w < rows.rows(); ++w) {
    const int index = wanted[static_cast<std::size_t>(w)];
    for (int j = 0; j < k; ++j) {  // a data shard is itself: coefficient 1 on its own column
      const std::uint8_t factor = index >= k   ? ParityCoefficient(index - k, j)
                                  : index == j ? std::uint8_t{1}
                                               : std::uint8_t{0};
      const int position = inventory.position_of_data[static_cast<std::size_t>(j)];
      if (position >= 0) {
        rows.at(w, position) ^= factor;
      } else {
        const auto lost = std::ranges::find(inventory.lost, j) - inventory.lost.begin();
        AddMultiple(rows.row(w), factor, lost_rows.row(static_cast<int>(lost)));
      }
    }
  }
  return rows;
}

}  // namespace fenchi
