package demo

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"ccms/internal/member"
)

// person is a driver with a card. All are invented; their numbers are in ranges that
// reach nobody's desk but the demo's.
type person struct {
	account, name, email, card string
	spanish                    bool
	trouble                    trouble
	live                       bool // charges at the simulated points, not in the past
}

// trouble is what is wrong with a driver's card or profile.
type trouble int

const (
	fine trouble = iota
	lost
	disabled
	suspended
)

// The guide's drivers come first. They charge at the simulated points.
var guidePeople = []person{
	{account: "13000000000", name: "Min Qian", email: "1@1.com", card: "144E7EDA", live: true},
	{account: "13000000001", name: "Elena Rojas", email: "a@a.com", card: "13ADF65A", live: true},
	{account: "13000000002", name: "Tomás Vidal", email: "2@0.com", card: "142FA77A", live: true},
	{account: "13000000003", name: "Amara Okoye", email: "3@0.com", card: "136E8CDA", live: true},
	{account: "13000000004", name: "Jonas Weber", email: "4@0.com", card: "146DA4CA", live: true},
	{account: "13400000005", name: "Lucía Paz", email: "5@0.com", card: "142E325A", live: true},
}

var (
	firstNames = []string{"Sofía", "Mateo", "Valentina", "Benjamín", "Isidora", "Vicente", "Emilia", "Joaquín", "Antonia", "Tomás",
		"Florencia", "Martín", "Catalina", "Agustín", "Josefa", "Cristóbal", "Marta", "Pablo", "Carmen", "Álvaro", "Irene", "Sergio",
		"Nuria", "Hugo", "Paula", "Daniel", "Lucía", "Javier", "Elena", "Rubén", "Gabriela", "Ignacio", "Camila", "Diego", "Renata",
		"Felipe", "Amparo", "Rafael", "Blanca", "Óscar", "Chloé", "Mehmet", "Wanjiru", "Jan", "Yuki", "Olivia", "Noah"}
	lastNames = []string{"González", "Muñoz", "Rojas", "Díaz", "Pérez", "Soto", "Contreras", "Silva", "Martínez", "Sepúlveda", "Morales",
		"Rodríguez", "López", "Fuentes", "Hernández", "Torres", "Araya", "Flores", "Espinoza", "Valenzuela", "Castillo", "Tapia",
		"Reyes", "Gutiérrez", "Castro", "Pizarro", "Álvarez", "Vásquez", "Sánchez", "Fernández", "Ramírez", "Carrasco", "Gómez",
		"Cortés", "Herrera", "Núñez", "Jara", "Vergara", "Rivera", "Figueroa", "Riquelme", "García", "Vega", "Navarro", "Iglesias",
		"Serrano", "Molina", "Ortega", "Delgado", "Marín", "Ibáñez", "Lorenzo", "Nowak", "Öztürk", "Tanaka"}
	plain = strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ñ", "n", "ö", "o", "ü", "u")
)

// someone is the n-th driver beside those of the guide.
func someone(n int) person {
	h := sha256.Sum256(fmt.Appendf(nil, "ccms demo driver %d", n))
	first := firstNames[int(h[0])%len(firstNames)]
	last := lastNames[int(h[1])%len(lastNames)]
	p := person{
		name: first + " " + last + " " + lastNames[int(h[2])%len(lastNames)], spanish: n%10 >= 6,
		card: strings.ToUpper(fmt.Sprintf("%x", h[4:8])),
	}
	p.account = fmt.Sprintf("+569%d%07d", 3+n%6, (n*7_919+1_234_567)%10_000_000)
	if p.spanish {
		p.account = fmt.Sprintf("+346%d%07d", n%10, (n*6_271+7_654_321)%10_000_000)
	}
	p.email = plain.Replace(strings.ToLower(first+"."+last)) + fmt.Sprint(n) + "@example.com"
	switch {
	case n%37 == 11:
		p.trouble = lost
	case n%53 == 7:
		p.trouble = disabled
	case n%61 == 23:
		p.trouble = suspended
	}
	return p
}

func (p person) driver() member.Driver {
	d := member.Driver{Account: p.account, Name: p.name, Email: p.email}
	if strings.HasPrefix(p.account, "+") {
		d.Mobile = p.account
	}
	if p.trouble == suspended {
		d.Status = member.DriverSuspended
	}
	return d
}

func (p person) token() member.Token {
	t := member.Token{UID: p.card}
	switch p.trouble {
	case lost:
		t.Status = member.TokenLost
	case disabled:
		t.Status = member.TokenDisabled
	}
	return t
}
