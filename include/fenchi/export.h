// FENCHI_EXPORT marks what the shared library offers; everything else in it is hidden.
#pragma once

#if defined(FENCHI_STATIC)
#define FENCHI_EXPORT
#else
#define FENCHI_EXPORT [[gnu::visibility("default")]]
#endif
