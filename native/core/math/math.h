// Elementary functions that give the same bits on every computer: plain IEEE binary64 operations, no fused
// multiply-add, no tables of the system. Within 2 ulp of the exact value, which the tests hold against the system's own
// functions. Anything that enters a result or a state hash takes these instead of <cmath>; sqrt, floor, fabs and other
// exactly rounded operations may come from there.
#pragma once

namespace busbar::math {

/// e^x. NaN for NaN; 0 below -745.14, infinity above 709.79.
double exp(double x);
/// Natural logarithm. NaN for NaN and negative numbers, -infinity for 0.
double log(double x);
/// x^y with all special cases of C's pow.
double pow(double x, double y);
/// x in radians, of any size: huge arguments are reduced with 1,280 bits of 2/pi. NaN for NaN and infinities.
double sin(double x);
double cos(double x);
/// Both for the price of one reduction.
void sin_cos(double x, double& sine, double& cosine);
/// In [-pi/2, pi/2].
double atan(double x);
/// Angle of the point (x, y) in [-pi, pi], with all special cases of C's atan2.
double atan2(double y, double x);

inline constexpr double kPi = 0x1.921fb54442d18p+1;

}  // namespace busbar::math
