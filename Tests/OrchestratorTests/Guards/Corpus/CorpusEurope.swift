extension GuardCorpus {
    static let german = #"""
        Bitte schreiben Sie an ⟪E:max.mustermann@beispiel.de⟫ oder ⟪E:jürgen.groß@müller-beispiel.de⟫.
        Telefon: ⟪P:030 1234567⟫, Fax ⟪P:030/1234568⟫
        Rufen Sie ⟪P:+49 30 1234567⟫ an, mobil ⟪P:0171 2345678⟫.
        Meine Handynummer ist ⟪P:0151-23456789⟫.
        Zentrale ⟪P:(089) 123456⟫, Durchwahl unter Telefon ⟪P:089 12345-67⟫.
        Mobil: ⟪P:+49 (0)171 2345678⟫.
        Erreichbar unter ⟪P:0049 89 123456⟫ von 9 bis 17 Uhr.
        Überweisen Sie auf ⟪I:DE89 3704 0044 0532 0130 00⟫ bei der Bank.
        IBAN: ⟪I:DE89370400440532013000⟫, BIC: COBADEFFXXX
        In Österreich: ⟪I:AT61 1904 3002 3457 3201⟫, Tel. ⟪P:0664 1234567⟫.
        Wien: ⟪P:+43 1 5321234⟫; Graz: ⟪P:0316 123456⟫.
        Zürich: ⟪P:044 668 18 00⟫ oder ⟪P:+41 44 668 18 00⟫, mobil ⟪P:079 123 45 67⟫.
        Schweizer Konto ⟪I:CH93 0076 2011 6238 5295 7⟫ verwenden.
        Kreditkarte ⟪C:5555 5555 5555 4444⟫, gültig bis 12/27.
        Die E-Mail-Adresse lautet ⟪E:info@beispiel.at⟫.
        Der Schlüssel ⟪K:sk1⟫ ist geheim.
        Die Rechnung 2024-08-1234567 ist vom 15.03.2024.
        Bestellnummer 0171 2345678 wurde heute versandt.
        Am 03.04.2024 um 10:30 Uhr treffen wir uns in Raum 0815.
        Der Preis beträgt 1.234.567,89 € statt 2.345.678,90 €.
        Es kostet 49,99 EUR, die Artikelnummer ist 4006381333931.
        Die Version 10.2.15 ersetzt 10.2.14 vom 01.02.2024.
        Aktenzeichen 12 O 345/23, Urteil vom 12.12.2023.
        Postleitzahl 10115 Berlin, Hausnummer 12-14.
        Die ISBN lautet 978-3-16-148410-0.
        Das sind 52,520008 Grad Nord und 13,404954 Grad Ost.
        Kundennummer 4111111111111111 bitte angeben.
        Steuernummer 12/345/67890 und USt-IdNr. DE123456789.
        """#

    static let french = #"""
        Écrivez à ⟪E:marie.dupont@exemple.fr⟫, s'il vous plaît.
        Appelez le ⟪P:01 23 45 67 89⟫ ou le ⟪P:06.12.34.56.78⟫.
        Mon portable : ⟪P:06-12-34-56-78⟫.
        De l'étranger : ⟪P:+33 1 23 45 67 89⟫.
        Joignable au ⟪P:+33 (0)6 12 34 56 78⟫ après 18 h.
        Téléphone : ⟪P:0612345678⟫
        À Bruxelles : ⟪P:02 123 45 67⟫, ⟪P:0470 12 34 56⟫ et ⟪P:+32 2 123 45 67⟫.
        Virement sur ⟪I:FR14 2004 1010 0505 0001 3M02 606⟫.
        Le compte belge est ⟪I:BE68 5390 0754 7034⟫.
        Carte bancaire ⟪C:4111 1111 1111 1111⟫ refusée.
        La clé ⟪K:ghp⟫ a été révoquée.
        Copie à « ⟪E:service.client@exemple.com⟫ » ce soir.
        Le montant est de 1 234 567,89 €.
        La population est de 67 413 000 habitants, dont 2 148 271 à Paris.
        Le 14/07/2024 à 10h30, salle 204.
        Numéro de commande 0612345678, expédiée hier.
        La facture n° 2024-0612 est jointe.
        La version 3.12.1 corrige le bogue 12345.
        Le train 6612 part à 12:34, voie 5.
        L'adresse IP 82.64.12.200 est bloquée.
        Article L. 121-20-12 du code, page 1024.
        SIRET 732 829 320 00074, capital de 10 000 euros.
        """#

    static let spanish = #"""
        Escríbeme a ⟪E:pepe.garcia@ejemplo.es⟫ mañana.
        Llámame al ⟪P:612 34 56 78⟫ o al ⟪P:+34 612 345 678⟫.
        El teléfono de Madrid es ⟪P:91 123 45 67⟫.
        Mi móvil es ⟪P:612 345 678⟫.
        Desde fuera: ⟪P:+34 91 123 45 67⟫.
        Ciudad de México: ⟪P:+52 55 1234 5678⟫. Tel. ⟪P:55 1234 5678⟫
        Buenos Aires: ⟪P:+54 11 4321-1234⟫; Bogotá: ⟪P:+57 601 2345678⟫.
        Santiago: ⟪P:+56 2 2123 4567⟫, Lima: ⟪P:+51 1 2345678⟫.
        La cuenta es ⟪I:ES91 2100 0418 4502 0005 1332⟫.
        Tarjeta ⟪C:4012 8888 8888 1881⟫, caduca en 05/28.
        La clave ⟪K:ant⟫ no debe publicarse.
        Hay 612 345 678 habitantes en la región.
        El pedido 612345678 llegará el 12/05/2024.
        Cuesta 1.234.567,89 € con IVA.
        La versión 4.5.6 salió el 2024-05-12.
        Son las 10:45:30 del 3 de mayo de 2023.
        El servidor 10.20.30.40 no responde.
        El artículo 123-45-6789 está agotado.
        Capítulo 3, páginas 120-135.
        """#

    static let italian = #"""
        Scrivi a ⟪E:mario.rossi@esempio.it⟫ oppure a ⟪E:ufficio@posta.esempio.it⟫.
        Chiamami al ⟪P:333 1234567⟫ o al ⟪P:+39 333 1234567⟫.
        Roma: ⟪P:06 12345678⟫, Milano: ⟪P:02 1234567⟫.
        Dall'estero ⟪P:+39 06 1234 5678⟫.
        Il mio cellulare è ⟪P:347 123 4567⟫.
        Bonifico su ⟪I:IT60 X054 2811 1010 0000 0123 456⟫.
        La carta ⟪C:5105 1051 0510 5100⟫ è scaduta.
        La chiave ⟪K:glpat⟫ è stata revocata.
        L'ordine 3331234567 è in consegna.
        Il prezzo è di 1.234,56 euro.
        La fattura 123/2024 del 01/02/2024.
        Articolo 12345-678, quantità 10.
        Versione 2.0.1, rilasciata il 10.10.2023.
        Il treno delle 12.45 arriva alle 14.05.
        Codice fiscale RSSMRA85T10A562S.
        """#

    static let portuguese = #"""
        Escreva para ⟪E:joao.silva@exemplo.com.br⟫.
        Ligue para ⟪P:(11) 91234-5678⟫ ou ⟪P:(21) 2345-6789⟫.
        Celular: ⟪P:11 91234-5678⟫.
        Do exterior: ⟪P:+55 11 91234-5678⟫.
        Lisboa: ⟪P:+351 21 123 4567⟫; telemóvel ⟪P:912 345 678⟫.
        Transferência para ⟪I:PT50 0002 0123 1234 5678 9015 4⟫.
        O IBAN brasileiro é ⟪I:BR18 0036 0305 0000 1000 9795 493C 1⟫.
        Cartão ⟪C:6011 0009 9013 9424⟫.
        A chave ⟪K:xoxb⟫ vazou.
        O pedido 912345678 chega em 10/11/2024.
        CPF 123.456.789-09 e CNPJ 12.345.678/0001-95.
        O valor é R$ 1.234.567,89.
        CEP 01310-100, São Paulo.
        A versão 1.20.3 é de 2024-01-31.
        São 215 313 498 habitantes.
        """#

    static let dutch = #"""
        Mail naar ⟪E:jan.de.vries@voorbeeld.nl⟫ a.u.b.
        Bel ⟪P:020-1234567⟫ of ⟪P:06-12345678⟫.
        Mobiel: ⟪P:06 12 34 56 78⟫.
        Vanuit het buitenland ⟪P:+31 20 123 4567⟫ of ⟪P:+31 6 12345678⟫.
        Rotterdam: ⟪P:010 123 45 67⟫.
        Rekening ⟪I:NL91 ABNA 0417 1643 00⟫.
        Kaart ⟪C:5200 8282 8282 8210⟫.
        Sleutel ⟪K:npm⟫ intrekken.
        Bestelling 0612345678 is onderweg.
        Het kost € 1.234,56 per maand.
        Op 12-03-2024 om 14.30 uur.
        Postcode 1012 AB Amsterdam, nummer 12-2.
        Versie 5.10.2 van 1 april 2023.
        KVK 12345678, BTW NL123456789B01.
        """#
}
