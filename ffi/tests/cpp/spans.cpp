// What converts to sansock::Span and from it, and what does not, under every standard.
#include <string>
#include <type_traits>

#include "conversation.hpp"

using Byte = std::uint8_t;
using Bytes = sansock::Bytes;
using MutableBytes = sansock::Span<Byte>;
using Vector = std::vector<Byte>;
using Array = std::array<Byte, 3>;

namespace {

template <class From, class... To> constexpr bool converts = (std::is_convertible_v<From, To> && ...);
template <class From, class... To> constexpr bool never = (!std::is_convertible_v<From, To> && ...);

struct Base {};
struct Derived : Base {};
struct Untyped {
    const void *data() const;
    std::size_t size() const;
};

} // namespace

static_assert(std::is_trivially_copyable_v<Bytes> && sizeof(Bytes) == sizeof(Byte *) + sizeof(std::size_t));

// Containers and arrays: those that can be changed give either, the others give values that cannot be changed.
static_assert(converts<Vector &, Bytes, MutableBytes> && converts<Array &, Bytes, MutableBytes>);
static_assert(converts<Byte (&)[3], Bytes, MutableBytes>);
static_assert(converts<const Vector &, Bytes> && converts<const Array &, Bytes> && converts<const Byte (&)[3], Bytes>);
static_assert(never<const Vector &, MutableBytes> && never<const Array &, MutableBytes>);
static_assert(never<const Byte (&)[3], MutableBytes>);
static_assert(converts<Vector, Bytes> && never<Vector, MutableBytes> && converts<Array, Bytes>);

// One Span to another: never to values that can be changed, from those that cannot.
static_assert(converts<MutableBytes, Bytes, MutableBytes> && converts<MutableBytes &, Bytes, MutableBytes>);
static_assert(never<Bytes, MutableBytes>);

// Values of another type.
static_assert(never<std::string &, Bytes, MutableBytes> && never<const char *, Bytes> && never<char (&)[3], Bytes>);
static_assert(never<Untyped &, Bytes> && never<int, Bytes> && never<Byte *, Bytes>);
static_assert(never<std::vector<Derived> &, sansock::Span<Base>> && never<std::vector<Base> &, sansock::Span<Derived>>);

#ifdef __cpp_lib_span
using StdBytes = std::span<const Byte>;
using StdMutableBytes = std::span<Byte>;

static_assert(converts<StdMutableBytes, Bytes, MutableBytes> && converts<StdMutableBytes &, Bytes, MutableBytes>);
static_assert(converts<const StdMutableBytes, Bytes, MutableBytes>);
static_assert(converts<std::span<Byte, 3>, Bytes, MutableBytes>);
static_assert(converts<StdBytes, Bytes> && never<StdBytes, MutableBytes>);

static_assert(converts<MutableBytes, StdBytes, StdMutableBytes> && converts<MutableBytes &, StdBytes, StdMutableBytes>);
static_assert(converts<const MutableBytes, StdBytes, StdMutableBytes>);
static_assert(converts<Bytes, StdBytes> && never<Bytes, StdMutableBytes>);
#endif

#ifdef __cpp_lib_ranges
static_assert(std::ranges::contiguous_range<Bytes> && std::ranges::borrowed_range<Bytes> && std::ranges::view<Bytes>);
#endif
