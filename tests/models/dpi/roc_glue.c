/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * What the driver and roc_dpi.c find below them: register accesses, the parts of the ROC that are
 * the NPA's and the platform's, the PF's file, and PCI devices.
 */

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "roc_hooks.h"
#include "roc_priv.h"
#include "roc_sysfs.h"

#include "roc_glue.h"

/* Where the devices are, PF and all; those of another block are on the next bus. */
#define PCI_BUS  5
#define PF_FILE  "/sys/bus/pci/devices/0000:05:00.0/dpi_device_config"
#define PF_FILE2 "/sys/bus/pci/devices/0000:06:00.0/dpi_device_config"
/* Behind each descriptor that a process may have. */
#define PF_FD   0x40000000

/* Registers of an NPA are 64 KiB, for its handles have the aura's number in the low bits. */
#define NPA_SIZE 0x10000u

/* The model that is the hardware; changed only while no device is probed. */
static struct dpi_model *hw;
/* Mapped for nobody: an access that does not come here is a fault. */
static uintptr_t npa;
static struct rte_pci_driver *driver;
/* Two ways in which software tells one chip from another. */
static struct roc_model chip_model;
struct roc_model *roc_model = &chip_model;
static uint16_t chip_subsystem;
static uint8_t bus = PCI_BUS;
/* Devices as the bus keeps them. */
static struct rte_pci_device devices[DPI_MODEL_VFS];

void
dpi_roc_driver_register(struct rte_pci_driver *drv)
{
	driver = drv;
}

/* The VF whose BAR this is, or DPI_MODEL_VFS. */
static unsigned int
bar_find(uintptr_t addr)
{
	unsigned int vf;

	for (vf = 0; vf < DPI_MODEL_VFS; vf++)
		if (addr - (uintptr_t)dpi_model_bar(hw, vf) < DPI_MODEL_BAR_SIZE)
			break;

	return vf;
}

/* An address in no BAR is taken to the model, too: it complains of a VF that is not there. */
static uint64_t
bar_offset(uintptr_t addr, unsigned int vf)
{
	return vf < DPI_MODEL_VFS ? addr - (uintptr_t)dpi_model_bar(hw, vf) : addr;
}

uint64_t
dpi_roc_read64(uintptr_t addr)
{
	const unsigned int vf = bar_find(addr);

	return dpi_model_read(hw, vf, bar_offset(addr, vf));
}

void
dpi_roc_write64(uint64_t value, uintptr_t addr)
{
	const unsigned int vf = bar_find(addr);

	dpi_model_write(hw, vf, bar_offset(addr, vf), value);
}

uint64_t
dpi_roc_add64(uint64_t value, uintptr_t addr)
{
	if (addr - npa == NPA_LF_AURA_OP_ALLOCX(0))
		return dpi_model_aura_alloc(hw, value & ROC_AURA_ID_MASK);

	return dpi_roc_read64(addr);
}

void
dpi_roc_store_pair(uint64_t first, uint64_t second, uintptr_t addr)
{
	if (addr - npa == NPA_LF_AURA_OP_FREE0)
		dpi_model_aura_free(hw, second & ROC_AURA_ID_MASK, first);
	else
		dpi_roc_write64(first, addr);
}

int
roc_npa_pool_create(uint64_t *aura_handle, uint32_t block_size, uint32_t block_count,
	struct npa_aura_s *aura, struct npa_pool_s *pool, uint32_t flags)
{
	const int nb = dpi_model_aura_create(hw, block_size, block_count);

	PLT_SET_USED(aura);
	PLT_SET_USED(pool);
	PLT_SET_USED(flags);
	if (nb < 0)
		return nb;
	*aura_handle = roc_npa_aura_handle_gen(nb, npa);

	return 0;
}

int
roc_npa_pool_destroy(uint64_t aura_handle)
{
	return dpi_model_aura_destroy(hw, roc_npa_aura_handle_to_aura(aura_handle));
}

uint16_t
idev_sso_pffunc_get(void)
{
	return DPI_MODEL_SSO_PF_FUNC;
}

uint16_t
idev_npa_pffunc_get(void)
{
	return DPI_MODEL_NPA_PF_FUNC;
}

/* The platform is ready once a model is attached. */
int
roc_plt_init(void)
{
	return hw == NULL ? -ENODEV : 0;
}

int
dpi_roc_open(const char *path, int flags)
{
	if ((strcmp(path, PF_FILE) == 0 || strcmp(path, PF_FILE2) == 0) && flags == O_WRONLY)
		return PF_FD;
	errno = ENOENT;

	return -1;
}

ssize_t
dpi_roc_write(int fd, const void *data, size_t len)
{
	const int ret = fd == PF_FD ? dpi_model_pf_message(hw, data, len) : -EBADF;

	if (ret == 0)
		return len;
	errno = -ret;

	return -1;
}

int
dpi_roc_close(int fd)
{
	if (fd == PF_FD)
		return 0;
	errno = EBADF;

	return -1;
}

static int
soc_add(const struct rte_memseg_list *msl, const struct rte_memseg *ms, size_t len, void *m)
{
	RTE_SET_USED(msl);

	return dpi_model_soc_add(m, ms->addr, len);
}

static int
npa_reserve(void)
{
	void *p;

	if (npa != 0)
		return 0;
	/* Twice the size, to find an aligned half; kept for all models. */
	p = mmap(NULL, 2 * NPA_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	npa = RTE_ALIGN_CEIL((uintptr_t)p, NPA_SIZE);

	return 0;
}

int
dpi_roc_attach(struct dpi_model *m, enum dpi_chip chip)
{
	int ret = npa_reserve();

	hw = m;
	if (m == NULL || ret != 0)
		return ret;
	chip_model.flag = ROC_ENV_HW |
		(chip == DPI_CHIP_CN9K ? ROC_MODEL_CN98xx_A0 : ROC_MODEL_CN106xx_A0);
	chip_subsystem = chip == DPI_CHIP_CN9K ? PCI_SUBSYSTEM_DEVID_CN9KE :
		PCI_SUBSYSTEM_DEVID_CN10KA;

	return rte_memseg_contig_walk(soc_add, m);
}

static bool
driver_knows(const struct rte_pci_id *id)
{
	const struct rte_pci_id *known;

	for (known = driver->id_table; known->vendor_id != 0; known++)
		if (known->vendor_id == id->vendor_id && known->device_id == id->device_id)
			return true;

	return false;
}

void
dpi_roc_block(unsigned int block)
{
	bus = PCI_BUS + block;
}

/* VFs follow the PF, seven on its own device number, the next on device number 1. */
int
dpi_roc_probe(unsigned int vf)
{
	struct rte_pci_device *dev = &devices[vf];

	*dev = (struct rte_pci_device){
		.addr = { .bus = bus, .devid = (vf + 1) / 8, .function = (vf + 1) % 8 },
		.id = {
			.vendor_id = PCI_VENDOR_ID_CAVIUM,
			.device_id = PCI_DEVID_CNXK_DPI_VF,
			.subsystem_vendor_id = PCI_VENDOR_ID_CAVIUM,
			.subsystem_device_id = chip_subsystem,
		},
		.mem_resource = {
			{ .addr = dpi_model_bar(hw, vf), .len = DPI_MODEL_BAR_SIZE },
		},
		.driver = driver,
		.kdrv = RTE_PCI_KDRV_VFIO,
	};
	rte_pci_device_name(&dev->addr, dev->name, sizeof(dev->name));
	dev->device.name = dev->name;
	dev->device.driver = &driver->driver;
	if (!driver_knows(&dev->id))
		return -ENODEV;

	return driver->probe(driver, dev);
}

int
dpi_roc_remove(unsigned int vf)
{
	return driver->remove(&devices[vf]);
}

const char *
dpi_roc_name(unsigned int vf)
{
	return devices[vf].name;
}
