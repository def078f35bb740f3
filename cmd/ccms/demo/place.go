package demo

import (
	"ccms/internal/asset"
	"ccms/internal/unit"
)

// kind is what a site is for; it says when people come and what stands there.
type kind int

const (
	street kind = iota
	mall
	office
	hotel
	highway
)

// contracted is what the grid gives a site of the kind.
func (k kind) contracted() unit.W {
	return map[kind]unit.W{street: 140_000, mall: 250_000, office: 110_000, hotel: 80_000, highway: 900_000}[k]
}

// place is a site. All names and addresses are invented.
type place struct {
	name, address, zone string
	kind                kind
	sub                 bool // of the sub-operator
	tag                 string
	position            asset.Position
}

func at(latitude, longitude asset.Degrees) asset.Position {
	return asset.Position{Latitude: latitude, Longitude: longitude}
}

const (
	chile = "America/Santiago"
	spain = "Europe/Madrid"
)

// The guide's site comes first: its points are those of the guide's screens.
var places = []place{
	{"A3E_station", "C-333, Dulcinea, Copiapó, Región de Atacama, Chile", chile, street, false, "A3E", at(-27_366_800, -70_332_300)},
	{"Mall Plaza Los Aromos", "Av. Los Aromos 4120, Maipú, Santiago, Chile", chile, mall, false, "SCL01", at(-33_511_000, -70_758_000)},
	{"Parque Arauco Norte", "Av. Presidente Ibáñez 5413, Las Condes, Santiago, Chile", chile, mall, false, "SCL02", at(-33_401_700, -70_578_000)},
	{"Torre Andes", "Calle El Golf 218, Las Condes, Santiago, Chile", chile, office, false, "SCL03", at(-33_414_600, -70_597_700)},
	{"Barrio Lastarria", "Calle Merced 377, Santiago, Chile", chile, street, false, "SCL04", at(-33_437_200, -70_642_000)},
	{"Edificio Mapocho", "Av. Santa María 1870, Providencia, Santiago, Chile", chile, office, false, "SCL05", at(-33_426_600, -70_620_500)},
	{"Ruta 5 Sur, Km 62", "Ruta 5 Sur km 62, Paine, Chile", chile, highway, false, "R5S062", at(-33_860_000, -70_742_000)},
	{"Ruta 5 Sur, Km 190", "Ruta 5 Sur km 190, Curicó, Chile", chile, highway, false, "R5S190", at(-34_979_000, -71_211_000)},
	{"Ruta 68, Lo Vásquez", "Ruta 68 km 84, Casablanca, Chile", chile, highway, false, "R68084", at(-33_296_000, -71_443_000)},
	{"Puerto Viejo", "Av. Errázuriz 912, Valparaíso, Chile", chile, street, false, "VAP01", at(-33_041_000, -71_622_000)},
	{"Hotel Bahía Azul", "Av. Borgoño 14580, Reñaca, Viña del Mar, Chile", chile, hotel, false, "VAP02", at(-32_969_000, -71_544_000)},
	{"Espacio Marina", "Av. Libertad 1348, Viña del Mar, Chile", chile, mall, false, "VAP03", at(-33_019_000, -71_551_000)},
	{"Plaza Los Carrera", "Los Carrera 655, Concepción, Chile", chile, street, false, "CCP01", at(-36_822_000, -73_044_000)},
	{"Mall del Biobío", "Av. Jorge Alessandri 3177, Concepción, Chile", chile, mall, false, "CCP02", at(-36_792_000, -73_067_000)},
	{"Campus San Pedro", "Camino El Venado 1220, San Pedro de la Paz, Chile", chile, office, false, "CCP03", at(-36_859_000, -73_107_000)},
	{"Termas del Lago", "Camino Villarrica km 11, Pucón, Chile", chile, hotel, false, "PUC01", at(-39_277_000, -72_089_000)},
	{"Plaza de Temuco", "Arturo Prat 696, Temuco, Chile", chile, street, false, "ZCO01", at(-38_739_000, -72_590_000)},
	{"Ruta 5 Sur, Km 680", "Ruta 5 Sur km 680, Temuco, Chile", chile, highway, false, "R5S680", at(-38_773_000, -72_639_000)},
	{"Costanera Puerto Montt", "Av. Diego Portales 1150, Puerto Montt, Chile", chile, mall, false, "PMC01", at(-41_472_000, -72_944_000)},
	{"Faro de La Serena", "Av. del Mar 2300, La Serena, Chile", chile, street, false, "LSC01", at(-29_905_000, -71_274_000)},
	{"Hotel Elqui", "Av. Francisco de Aguirre 460, La Serena, Chile", chile, hotel, false, "LSC02", at(-29_908_000, -71_256_000)},
	{"Ruta 5 Norte, Km 230", "Ruta 5 Norte km 230, Los Vilos, Chile", chile, highway, false, "R5N230", at(-31_918_000, -71_499_000)},
	{"Parque Antofagasta", "Av. Balmaceda 2355, Antofagasta, Chile", chile, mall, false, "ANF01", at(-23_645_000, -70_401_000)},
	{"Edificio Salitre", "Calle Washington 2675, Antofagasta, Chile", chile, office, false, "ANF02", at(-23_648_000, -70_398_000)},
	{"Cavancha", "Av. Arturo Prat 1470, Iquique, Chile", chile, street, false, "IQQ01", at(-20_233_000, -70_148_000)},
	{"Plaza de la Encina", "Calle de la Encina 14, Madrid, España", spain, street, false, "MAD01", at(40_416_000, -3_685_000)},
	{"Torre Castellar", "Paseo de Castellar 210, Madrid, España", spain, office, false, "MAD02", at(40_462_000, -3_689_000)},
	{"Centro Las Acacias", "Av. de las Acacias 88, Getafe, España", spain, mall, false, "MAD03", at(40_305_000, -3_730_000)},
	{"A-3 Tarancón", "Autovía A-3 km 82, Tarancón, España", spain, highway, false, "A3082", at(40_009_000, -3_007_000)},
	{"A-4 Manzanares", "Autovía A-4 km 173, Manzanares, España", spain, highway, false, "A4173", at(38_999_000, -3_370_000)},
	{"Moll de Sant Pau", "Moll de Sant Pau 6, Barcelona, España", spain, street, false, "BCN01", at(41_376_000, 2_183_000)},
	{"Oficinas Diagonal 90", "Carrer de Pallars 90, Barcelona, España", spain, office, false, "BCN02", at(41_396_000, 2_193_000)},
	{"Hotel Mirador del Turia", "Calle del Río 31, Valencia, España", spain, hotel, false, "VLC01", at(39_476_000, -372_000)},
	{"Centro Nuevo Saler", "Av. del Saler 18, Valencia, España", spain, mall, false, "VLC02", at(39_454_000, -354_000)},
	{"Playa de San Telmo", "Paseo de San Telmo 44, Alicante, España", spain, street, true, "CV01", at(38_345_000, -478_000)},
	{"Hotel Costa Verde", "Av. del Mediterráneo 120, Benidorm, España", spain, hotel, true, "CV02", at(38_540_000, -123_000)},
	{"Centro La Marina", "Carrer de la Marina 9, Dénia, España", spain, mall, true, "CV03", at(38_843_000, 106_000)},
	{"AP-7 Ondara", "Autopista AP-7 km 641, Ondara, España", spain, highway, true, "CV04", at(38_828_000, 15_000)},
	{"Parking El Palmeral", "Calle de la Palma 77, Elche, España", spain, street, true, "CV05", at(38_266_000, -698_000)},
	{"Oficinas El Altet", "Calle de la Torre 3, Elche, España", spain, office, true, "CV06", at(38_261_000, -706_000)},
}

// Sites is how many there are at most.
var Sites = len(places)

// stand is a model of charge point.
type stand struct {
	vendor, model string
	kind          asset.ChargerType
	power         unit.W
	connectors    int
	plug          string
}

var (
	post22   = stand{"Norvolt", "Post 22", asset.AC, 22_000, 2, "Type2"}
	wall11   = stand{"Norvolt", "Wall 11", asset.AC, 11_000, 1, "Type2"}
	tower60  = stand{"Helion", "Tower 60", asset.DCFast, 60_000, 2, "CCS2"}
	tower150 = stand{"Helion", "Tower 150", asset.DCFast, 150_000, 2, "CCS2"}
	giga300  = stand{"Helion", "Giga 300", asset.HPC, 300_000, 2, "CCS2"}
)

// stands is what stands at a site; every second one of its kind is larger.
func (p place) stands(nth int) []stand {
	large := nth%2 == 1
	pick := func(s []stand, more ...stand) []stand {
		if large {
			s = append(s, more...)
		}
		return s
	}
	switch p.kind {
	case mall:
		return pick([]stand{post22, post22, tower60}, post22, tower60)
	case office:
		return pick([]stand{wall11, wall11, wall11}, wall11, wall11)
	case hotel:
		return pick([]stand{wall11, wall11}, post22)
	case highway:
		return pick([]stand{giga300, giga300, tower150}, giga300)
	}
	return pick([]stand{post22, post22}, tower60)
}

// guidePoint is a charge point of the guide's screens.
type guidePoint struct {
	name, identity, code string
	stand
}

var guidePoints = []guidePoint{
	{"Point_0", "IOC_CL_A3E_0", "1000", stand{"A3E", "AC", asset.AC, 7000, 1, "Type2"}},
	{"Point_1", "IOC_CL_A3E_1", "1001", stand{"A3E", "AC", asset.AC, 7000, 1, "Type2"}},
	{"Point_2", "IOC_CL_A3E_2", "1002", stand{"A3E", "DC Fast", asset.DCFast, 60000, 2, "CCS2"}},
	{"point_3", "IOC_CL_A3E_3", "1003", stand{"A3E", "AC", asset.AC, 7000, 1, "Type2"}},
}
