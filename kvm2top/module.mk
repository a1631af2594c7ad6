# SPDX-License-Identifier: GPL-2.0
# kvm2top: the program and its tests.

# ---- unit tests ----

kvm2top_tests := tests/unit/kvm2top
kvm2top_model := $(addprefix kvm2top/src/,model.c columns.c)

define kvm2top_test
TESTS += $(kvm2top_tests)/$(1)_test
$(kvm2top_tests)/$(1)_test_SOURCES  := $(2)
$(kvm2top_tests)/$(1)_test_CPPFLAGS := -I. -Ikvm2top/src
$(kvm2top_tests)/$(1)_test_LIBS     := $(3)
$(kvm2top_tests)/$(1)_test_LDFLAGS  := -lm
endef
$(eval $(call kvm2top_test,model,kvm2top/src/model.c))
$(eval $(call kvm2top_test,columns,$(kvm2top_model)))
$(eval $(call kvm2top_test,condition,$(kvm2top_model) kvm2top/src/condition.c))
$(eval $(call kvm2top_test,tree,$(kvm2top_model) kvm2top/src/condition.c kvm2top/src/tree.c))
