// The fake this program needs; the library of all of them would draw in every module.
#include "support/fake/fake_target.cpp"
