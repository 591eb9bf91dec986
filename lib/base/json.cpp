// The one file that compiles Boost.JSON itself. Modules use it inside their .cpp files only.
#include <boost/json/src.hpp>
