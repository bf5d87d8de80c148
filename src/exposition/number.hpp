// Numbers as Prometheus reads and writes them, which is as Go does: what is a number, what overflows, how one prints.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

namespace rankwire::exposition {

// The NaN that says "this series has ended", and the one that every other NaN becomes.
inline constexpr std::uint64_t stale_nan_bits = 0x7ff0000000000002, normal_nan_bits = 0x7ff8000000000001;
inline double stale_nan() { return std::bit_cast<double>(stale_nan_bits); }
inline bool is_stale_nan(double value) { return std::bit_cast<std::uint64_t>(value) == stale_nan_bits; }

// The whole text is a number: decimal, infinity or NaN in any case; nothing hexadecimal. Too large is not a number.
bool read_real(std::string_view text, double& to);
// As the values of `le` and `quantile` are written: "1.0", "0.5", "+Inf". `buffer` has 32 bytes.
std::string_view write_real(double value, char* buffer);

}  // namespace rankwire::exposition
