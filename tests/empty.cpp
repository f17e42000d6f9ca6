// Qt Test programs take this folder's precompiled headers from the library that this file stands for (CMakeLists.txt).
